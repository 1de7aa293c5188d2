import { api, bodyOf } from "../../api/client";
import { type ApiProblem, asProblem } from "../../api/problem";
import type { JobEvent } from "./course";
import { takeSlot } from "./slots";

export type Way = "reading" | "live" | "asking" | "lost" | "over";

interface Listener {
  onEvents: (events: JobEvent[]) => void;
  onWay: (way: Way, problem?: ApiProblem) => void;
}

const TYPES = ["state", "epoch", "progress", "message"] as const;
const ENDS: ReadonlySet<unknown> = new Set(["succeeded", "failed", "cancelled"]);
const FULL = 1000;  // events in an answer that has more after it
const FLUSH_MS = 200;  // events come at most five a second, and to draw a page takes 20 ms
const ASK_MS = 2000;
const SELDOM_MS = 5000;
const SHARE = 0.05;  // of how long it runs

/**
 * All events of a job: those that are there page by page, then as they come, by a stream or, where there is no place for
 * one, by asking. Nothing is asked while the window is hidden. Ends when the job has told everything, or with `stop`.
 */
export async function follow(id: string, after: number, { onEvents, onWay }: Listener, stop: AbortSignal): Promise<void> {
  let known = after;
  let began = 0;
  let told = 0;
  const take = (events: JobEvent[]) => {
    const last = events[events.length - 1];
    if (!last || stop.aborted) return;
    known = last.seq;
    told = Date.parse(last.at);
    const changed = events.findLast(({ type }) => type === "state");
    if (changed) began = Date.parse(changed.at);
    onEvents(events);
  };
  while (!stop.aborted) {
    await seen(stop);
    try {
      const answer = await bodyOf(api.GET("/v1/jobs/{id}/events", { params: { path: { id }, query: { after: known } }, headers: { Accept: "application/json" }, signal: stop }));
      if (typeof answer === "string") throw new Error("the server told the events as a stream where JSON was asked for");
      take(answer.data);
      if (answer.is_terminal) return onWay("over");
      if (answer.data.length >= FULL) continue;
    } catch (error) {
      if (stop.aborted) return;
      const problem = asProblem(error);
      onWay("lost", problem);
      if (problem.status === 404) return;
      await pause(SELDOM_MS, stop);
      continue;
    }
    const slot = await takeSlot();
    if (slot) {
      try {
        await stream(id, known, take, onWay, stop);
      } finally {
        slot.free();
      }
    } else {
      onWay("asking");
      await pause(Math.min(Math.max((told - began) * SHARE, ASK_MS), SELDOM_MS), stop);
    }
  }
}

/** Events as the server sends them, until it ends the stream, the window is hidden or `stop`. */
function stream(id: string, after: number, take: (events: JobEvent[]) => void, onWay: Listener["onWay"], stop: AbortSignal): Promise<void> {
  return new Promise((settle) => {
    const source = new EventSource(`/v1/jobs/${encodeURIComponent(id)}/events?after=${after}`);
    let waiting: JobEvent[] = [];
    let timer = 0;
    const flush = () => {
      timer = 0;
      const events = waiting;
      waiting = [];
      take(events);
    };
    const end = () => {
      source.close();
      window.clearTimeout(timer);
      flush();
      stop.removeEventListener("abort", end);
      document.removeEventListener("visibilitychange", onHidden);
      settle();
    };
    const onHidden = () => {
      if (document.visibilityState === "hidden") end();
    };
    const onEvent = (event: MessageEvent<string>) => {
      const told: JobEvent = JSON.parse(event.data);
      waiting.push(told);
      // nothing comes after it: what is asked next says so, where a stream would be asked for twice more
      if (told.type === "state" && ENDS.has(told.data.state)) end();
      else if (!timer) timer = window.setTimeout(flush, FLUSH_MS);
    };
    for (const type of TYPES) source.addEventListener(type, onEvent);
    source.onopen = () => onWay("live");
    source.onerror = () => {
      // the browser comes back by itself, unless the answer was none to stay with: then one looks what is the matter
      if (source.readyState === EventSource.CLOSED) {
        onWay("asking");
        window.setTimeout(end, ASK_MS);
      } else onWay("lost");
    };
    stop.addEventListener("abort", end);
    document.addEventListener("visibilitychange", onHidden);
  });
}

function pause(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((settle) => {
    const timer = window.setTimeout(settle, ms);
    stop.addEventListener("abort", () => { window.clearTimeout(timer); settle(); }, { once: true });
  });
}

/** When the window is seen. */
function seen(stop: AbortSignal): Promise<void> {
  if (document.visibilityState === "visible") return Promise.resolve();
  return new Promise((settle) => {
    const done = () => {
      if (document.visibilityState !== "visible" && !stop.aborted) return;
      document.removeEventListener("visibilitychange", done);
      stop.removeEventListener("abort", done);
      settle();
    };
    document.addEventListener("visibilitychange", done);
    stop.addEventListener("abort", done);
  });
}
