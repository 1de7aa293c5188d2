import { api, bodyOf, may, type Schema } from "../../api/client";
import { useResource } from "../../api/use";
import { Card, Loaded, Stat, Stats } from "../../ui/parts";
import { Scroll } from "../../ui/scroll";
import { bytes, count } from "../../words/format";

type Stored = Schema<"StoredBytes">;
const KINDS = ["uploads", "tables", "versions", "results", "checkpoints"] as const satisfies (keyof Stored)[];

/** What one has stored, and for those who run the server, what everybody has. */
export function Usage() {
  const usage = useResource(() => bodyOf(api.GET("/v1/usage")), []);
  return (
    <>
      <Loaded of={usage}>
        {(own) => (
          <Card title="What you have stored">
            <div class="stack">
              <Stats>
                <Stat name="Datasets">{count(own.datasets)}</Stat>
                <Stat name="Jobs">{count(own.jobs)}</Stat>
                <Stat name="Models">{count(own.models)}</Stat>
                <Stat name="Versions">{count(own.versions)}</Stat>
                <Stat name="In all">{bytes(own.bytes.total)}</Stat>
              </Stats>
              <Bytes of={own.bytes} />
            </div>
          </Card>
        )}
      </Loaded>
      {may("admin") && <Everybody />}
    </>
  );
}

function Everybody() {
  const all = useResource(() => bodyOf(api.GET("/v1/usage/owners")), []);
  return (
    <Loaded of={all}>
      {({ data, stored_bytes, unused_bytes }) => (
        <Card title="What everybody has stored">
          <div class="stack">
            <Scroll label="What everybody has stored">
              <table>
                <thead><tr><th scope="col">Owner</th><th scope="col" class="number">Datasets</th><th scope="col" class="number">Jobs</th><th scope="col" class="number">Models</th><th scope="col" class="number">Versions</th><th scope="col" class="number">Bytes</th></tr></thead>
                <tbody>
                  {data.map((one) => (
                    <tr key={one.owner}>
                      <th scope="row">{one.owner}</th>
                      <td class="number">{count(one.datasets)}</td>
                      <td class="number">{count(one.jobs)}</td>
                      <td class="number">{count(one.models)}</td>
                      <td class="number">{count(one.versions)}</td>
                      <td class="number">{bytes(one.bytes.total)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Scroll>
            <p class="quiet small">{bytes(stored_bytes)} in all, each file counted once; {bytes(unused_bytes)} of it belongs to nothing any more, or not yet.</p>
          </div>
        </Card>
      )}
    </Loaded>
  );
}

/** Bytes by what they are, with their part of all of them. */
export function Bytes({ of }: { of: Stored }) {
  return (
    <table class="bytes">
      <caption class="visually-hidden">Stored bytes by what they are</caption>
      <tbody>
        {KINDS.map((kind) => (
          <tr key={kind}>
            <th scope="row">{kind}</th>
            <td class="number">{bytes(of[kind])}</td>
            <td class="part" aria-hidden="true"><div style={{ width: `${of.total > 0 ? (of[kind] / of.total) * 100 : 0}%` }} /></td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
