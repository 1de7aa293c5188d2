import { api, bodyOf, type Schema } from "../../api/client";
import { useResource } from "../../api/use";
import { href } from "../../router";
import { Card, Loaded, Notice, Stat, State, Stats } from "../../ui/parts";
import { Scroll } from "../../ui/scroll";
import { ago, bytes, count, moment, seconds } from "../../words/format";
import { Bytes } from "./usage";

type Status = Schema<"Status">;

/** Parts, queues, workers, failures and storage: asked for again while one looks. */
export function Server() {
  const status = useResource(() => bodyOf(api.GET("/v1/status")), [], 5);
  return <Loaded of={status}>{(found) => <Shown status={found} />}</Loaded>;
}

/** The little that is told to everybody. */
export function Ready() {
  const ready = useResource(() => bodyOf(api.GET("/readyz")), [], 10);
  return <Loaded of={ready}>{({ status, parts }) => <Card title={<>Server <State state={status} /></>}><Parts parts={parts ?? {}} /></Card>}</Loaded>;
}

const MEANS: Record<string, string> = {
  degraded: "Nobody trains or ingests: what is queued waits, and models predict as ever.",
  unavailable: "A part that everything needs does not answer.",
};

function Shown({ status }: { status: Status }) {
  return (
    <>
      {MEANS[status.status] && <Notice tone={status.status === "degraded" ? "warn" : "bad"}><p><strong>{status.status}</strong>: {MEANS[status.status]}</p></Notice>}
      <Card>
        <Stats>
          <Stat name="Server"><State state={status.status} /></Stat>
          <Stat name="Version of Adaline">{status.adaline}</Stat>
          <Stat name="Revision of the database">{status.revision}</Stat>
          <Stat name="Stored">{bytes(status.bytes.total)}</Stat>
          <Stat name="Free on the disk">{status.free_bytes === null ? "in S3" : bytes(status.free_bytes)}</Stat>
          <Stat name="As of">{moment(status.moment)}</Stat>
        </Stats>
      </Card>
      <div class="columns">
        <Card title="Parts"><Parts parts={status.parts} /></Card>
        <Card title="Jobs and datasets"><ByState jobs={status.jobs} datasets={status.datasets} /></Card>
        <Card title="Storage"><Bytes of={status.bytes} /><p class="quiet small">{bytes(status.unused_bytes)} of it belongs to nothing any more, or not yet; it is deleted once it is old.</p></Card>
      </div>
      <Card title="Queues">
        <Scroll label="Queues">
          <table>
            <thead><tr><th scope="col">Queue</th><th scope="col" class="number">Waiting</th><th scope="col" class="number">The oldest for</th><th scope="col" class="number">Messages</th></tr></thead>
            <tbody>
              {status.queues.map((one) => (
                <tr key={one.queue}>
                  <th scope="row">{one.queue}</th>
                  <td class="number">{count(one.waiting)}</td>
                  <td class="number">{one.waiting > 0 ? seconds(one.oldest_seconds) : ""}</td>
                  <td class="number">{one.messages === null ? "the broker does not answer" : count(one.messages)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      </Card>
      <Card title="Workers"><Workers workers={status.workers} /></Card>
      <Card title="Failures of the last day"><Failures failures={status.failures} /></Card>
    </>
  );
}

function Parts({ parts }: { parts: Record<string, string> }) {
  return (
    <dl class="facts">
      {Object.entries(parts).map(([name, word]) => (
        <div key={name} class="fact"><dt>{name}</dt><dd><State state={word} /></dd></div>
      ))}
    </dl>
  );
}

function ByState({ jobs, datasets }: { jobs: Record<string, number>; datasets: Record<string, number> }) {
  const all = [...Object.entries(jobs).map(([state, number]) => ["jobs", state, number] as const), ...Object.entries(datasets).map(([state, number]) => ["datasets", state, number] as const)];
  if (all.length === 0) return <p class="quiet">None yet.</p>;
  return (
    <ul class="plain">
      {all.map(([what, state, number]) => (
        <li key={`${what} ${state}`}><strong>{count(number)}</strong> {what} <State state={state} /></li>
      ))}
    </ul>
  );
}

function Workers({ workers }: { workers: Status["workers"] }) {
  if (workers.length === 0) return <Notice tone="warn"><p>No worker is there: jobs and uploads wait. <code>adaline serve</code> starts some; <code>adaline worker</code> starts one alone.</p></Notice>;
  return (
    <Scroll label="Workers">
      <table>
        <thead><tr><th scope="col">Worker</th><th scope="col">State</th><th scope="col">For</th><th scope="col" class="number">Processes</th><th scope="col">Since</th><th scope="col">Works on</th></tr></thead>
        <tbody>
          {workers.map((one) => (
            <tr key={one.id}>
              <th scope="row">{one.id}</th>
              <td><State state={one.state} /></td>
              <td>{one.roles.join(", ")}</td>
              <td class="number">{count(one.processes)}</td>
              <td class="nowrap">{ago(one.started_at)}</td>
              <td>
                {one.doing.length === 0 ? <span class="quiet">nothing</span> : (
                  <ul class="plain">
                    {one.doing.map((doing) => (
                      <li key={doing.process}><a href={href(`/${doing.type}s/${doing.id}`)}>{doing.kind}</a> of {doing.owner} <span class="quiet small">{ago(doing.since)}</span></li>
                    ))}
                  </ul>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function Failures({ failures }: { failures: Status["failures"] }) {
  if (failures.length === 0) return <p class="quiet">None.</p>;
  return (
    <Scroll label="Failures of the last day">
      <table>
        <thead><tr><th scope="col">Code</th><th scope="col" class="number">How often</th><th scope="col">What the newest was told</th></tr></thead>
        <tbody>
          {failures.map((one) => (
            <tr key={one.code}>
              <th scope="row"><code>{one.code}</code></th>
              <td class="number">{count(one.count)}</td>
              <td class="words">{one.detail} <a href={href(one.newest.startsWith("ds_") ? `/datasets/${one.newest}` : `/jobs/${one.newest}`)}>{one.newest.startsWith("ds_") ? "the dataset" : "the job"}</a></td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
