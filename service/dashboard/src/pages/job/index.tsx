import { useMemo } from "preact/hooks";
import type { Schema } from "../../api/client";
import { href } from "../../router";
import { Card, Heading, Loaded, Notice, Progress, Stat, State, Stats } from "../../ui/parts";
import { ago, count, moment, number, percent, seconds } from "../../words/format";
import "../../styles/job.css";
import { Actions } from "./actions";
import { Curves } from "./curves";
import { Deliveries } from "./deliveries";
import { Ending } from "./ending";
import { Told } from "./told";
import { type Followed, useJob } from "./use-job";
import { DatasetLink } from "./dataset-link";
import { elapsed, KIND_NAMES, modelOf, stageName } from "./words";
import { WhatWasAsked } from "./asked";

/** A job, live: how far it is, its curves as epochs come, what can be done to it, and how it ended. */
export default function JobPage({ named: { id = "" } }: { named: { id?: string } }) {
  const followed = useJob(id);
  return (
    <>
      {followed.job.data === undefined && <Heading title="Job" above={<a class="small" href={href("/jobs")}>Jobs</a>} />}
      <Loaded of={followed.job}>
        {(job) => <Shown job={job} followed={followed} />}
      </Loaded>
    </>
  );
}

function Shown({ job, followed }: { job: Schema<"Job">; followed: Followed }) {
  const { course, version, way, problem } = followed;
  const asked = useMemo(() => <Card title="What was asked"><WhatWasAsked job={job} /></Card>, [job]);
  const title = `${KIND_NAMES[job.kind] ?? job.kind}${modelOf(job) ? `: ${modelOf(job)}` : ""}`;
  return (
    <div class="stack job">
      <Heading title={title} above={<a class="small" href={href("/jobs")}>Jobs</a>}>
        <Actions job={job} onDone={followed.job.reload} />
      </Heading>
      <div class="row">
        <span role="status"><State state={job.state} /></span>
        {followed.job.problem && <span class="quiet">when last asked</span>}
        <span class="quiet">{whenOf(job)}</span>
        {!job.is_terminal && <Following way={way} />}
      </div>
      {problem && !job.is_terminal && <Notice tone="warn">The events cannot be read ({problem.message}). This page goes on asking.</Notice>}
      {job.waiting && (
        <Notice>
          <p>{job.waiting.why}</p>
          <p class="small quiet">{place(job.waiting)}</p>
        </Notice>
      )}
      {job.state === "paused" && <Notice tone="warn">It is paused: what it has learnt is saved, and it goes on from there once it is resumed.</Notice>}
      <Ending job={job} />
      <Figures job={job} last={way === "reading" ? {} : course.last} />
      {job.kind === "train" && <Curves course={course} version={version} job={job} />}
      <div class="columns">
        {asked}
        <Card title="What happened"><Told course={course} version={version} way={way} />{job.is_terminal && <Deliveries job={job.id} />}</Card>
      </div>
    </div>
  );
}

function whenOf(job: Schema<"Job">): string {
  if (job.finished_at) return `ended ${ago(job.finished_at)}, after ${seconds(elapsed(job.started_at ?? job.created_at, job.finished_at))}`;
  return job.started_at ? `started ${ago(job.started_at)}` : `submitted ${ago(job.created_at)}`;
}

function place({ before, running, lane }: Schema<"Waiting">): string {
  const many = (value: number) => (value >= 1000 ? `${count(1000)} or more` : count(value));
  return `${many(before)} ${before === 1 ? "job goes" : "jobs go"} first, ${many(running)} ${running === 1 ? "runs" : "run"}; it waits among the ${lane} ones.`;
}

const WAYS = { reading: "reading its events …", live: "live", asking: "asked for every few seconds", lost: "no connection; trying again …", over: "" } as const;

function Following({ way }: { way: Followed["way"] }) {
  return WAYS[way] ? <span class={`small job-way ${way}`}>{WAYS[way]}</span> : null;
}

/** How far it is, in figures. */
function Figures({ job, last }: { job: Schema<"Job">; last: Record<string, unknown> }) {
  const { progress } = job;
  const told = (name: keyof Schema<"Progress">): number | null => {
    const value = job.is_terminal ? progress?.[name] : (last[name] ?? progress?.[name]);
    return typeof value === "number" ? value : null;
  };
  const fraction = job.state === "succeeded" ? 1 : told("fraction");
  const stage = job.is_terminal ? progress?.stage : (last.stage ?? progress?.stage);
  const epoch = told("epoch");
  const epochs = told("epochs");
  const rate = last.learning_rate;
  return (
    <Card>
      <div class="stack tight">
        {!job.is_terminal && <Progress fraction={fraction} label="How far the job is" />}
        <Stats>
          {fraction !== null && <Stat name="Done">{percent(fraction)}</Stat>}
          {epoch !== null && <Stat name={typeof stage === "string" ? `Epoch, ${stageName(stage)}` : "Epoch"}>{count(epoch)}{epochs === null ? "" : ` of ${count(epochs)}`}</Stat>}
          {job.kind === "descent-comparison" && progress?.descent && !job.is_terminal && <Stat name="Descent">{progress.descent}</Stat>}
          {told("train_loss") !== null && <Stat name="Training loss">{number(told("train_loss"))}</Stat>}
          {told("validation_loss") !== null && <Stat name="Validation loss">{number(told("validation_loss"))}</Stat>}
          {typeof rate === "number" && <Stat name="Learning rate">{number(rate)}</Stat>}
          {told("rows_per_second") !== null && <Stat name="Rows a second">{number(told("rows_per_second"), 3)}</Stat>}
          {job.state === "running" && told("eta_seconds") !== null && <Stat name="Time left">{seconds(told("eta_seconds"))}</Stat>}
          {job.attempt > 1 && <Stat name="Attempt">{count(job.attempt)}</Stat>}
        </Stats>
        <dl class="facts small">
          <dt>Dataset</dt><dd><DatasetLink id={job.dataset} /></dd>
          <dt>Submitted</dt><dd>{moment(job.created_at)}</dd>
          {job.priority !== 0 && <><dt>Priority</dt><dd>{number(job.priority)}</dd></>}
          <dt>Id</dt><dd><code>{job.id}</code></dd>
        </dl>
      </div>
    </Card>
  );
}
