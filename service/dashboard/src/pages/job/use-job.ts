import { useEffect, useRef, useState } from "preact/hooks";
import { api, bodyOf, type Schema } from "../../api/client";
import type { ApiProblem } from "../../api/problem";
import { type Resource, useResource } from "../../api/use";
import { Course } from "./course";
import { follow, type Way } from "./follow";

const ASK_SECONDS = 5;  // a place in line changes without an event
const RUNNING_SECONDS = 15;  // what happens to a run is an event, also when its worker has died

export interface Followed {
  job: Resource<Schema<"Job">>;
  course: Course;
  /** changes when the course has */
  version: number;
  way: Way;
  problem: ApiProblem | undefined;
}

/**
 * A job and its course. Its state is always the database's own: asked for again at each change that is told, and every few
 * seconds, so that a run that has died is not shown as running.
 */
export function useJob(id: string): Followed {
  const [seconds, setSeconds] = useState<number | undefined>(ASK_SECONDS);
  const job = useResource(
    async () => {
      const found = await bodyOf(api.GET("/v1/jobs/{id}", { params: { path: { id } } }));
      setSeconds(found.is_terminal ? undefined : found.state === "running" ? RUNNING_SECONDS : ASK_SECONDS);
      return found;
    },
    [id],
    seconds,
  );
  const course = useRef(new Course());
  const reload = useRef(job.reload);
  reload.current = job.reload;
  const [state, set] = useState<{ version: number; way: Way; problem: ApiProblem | undefined }>({ version: 0, way: "reading", problem: undefined });
  const changed = () => set((before) => ({ ...before, version: before.version + 1 }));
  useEffect(() => {
    const stop = new AbortController();
    course.current = new Course();
    const listener = {
      onEvents: (events: { seq: number; at: string; type: string; data: Record<string, unknown> }[]) => {
        for (const event of events) course.current.add(event);
        if (events.some(({ type }) => type === "state")) reload.current();
        changed();
      },
      onWay: (way: Way, problem?: ApiProblem) => {
        set((before) => (before.way === way && before.problem === problem ? before : { ...before, way, problem }));
        if (way === "over") reload.current();
      },
    };
    void follow(id, 0, listener, stop.signal);
    return () => stop.abort();
  }, [id]);

  // a training that has succeeded has all of its epochs in its report; its events are of a few a second
  const version = job.data?.kind === "train" && job.data.state === "succeeded" ? job.data.model : null;
  useEffect(() => {
    if (!version || state.way !== "over") return;
    const stop = new AbortController();
    const path = { name: version.name, version: version.version };
    bodyOf(api.GET("/v1/models/{name}/versions/{version}/report", { params: { path }, signal: stop.signal })).then(
      (report) => {
        const stages = [...course.current.stages.keys()].filter(Boolean);
        const kind = report.lineage?.spec?.network?.kind;
        const stage = stages.length === 0 ? "" : (stages.find((name) => name === kind) ?? "");
        course.current.replace(stage, (report.history ?? []).map(plain));
        changed();
      },
      () => undefined,  // its version is gone: what the events tell stays
    );
    return () => stop.abort();
  }, [version?.name, version?.version, state.way === "over"]);
  return { job, course: course.current, ...state };
}

function plain({ epoch, train_loss: train, validation_loss: validation, learning_rate: rate }: Schema<"ReportedEpoch">) {
  return { epoch: epoch ?? 0, train_loss: train ?? null, validation_loss: validation ?? null, learning_rate: rate ?? null };
}
