import { Growing } from "../../ui/plot/thin.ts";

/** An event of a job as the API tells it; what `data` holds depends on its type. */
export interface JobEvent {
  seq: number;
  at: string;
  type: string;
  data: Record<string, unknown>;
}

export interface Told {
  seq: number;
  at: string;
  text: string;
}

const KEPT = 500;  // messages; epochs are told by curves
export const CURVES = ["train_loss", "validation_loss", "learning_rate"] as const;

/** A training as its events tell it: curves of each of its stages, what was said, and how far it is. Holds little of many. */
export class Course {
  /** curves over epochs, by the stage: "" where there is one alone */
  readonly stages = new Map<string, Growing>();
  readonly messages: Told[] = [];
  dropped = 0;
  epochs = 0;
  seq = 0;
  last: Record<string, unknown> = {};

  add(event: JobEvent): void {
    if (event.seq <= this.seq) return;
    this.seq = event.seq;
    const { data } = event;
    if (event.type === "epoch") this.addEpoch(data);
    else if (event.type === "progress") this.last = data;
    else this.say(event, event.type === "state" ? stateInWords(data) : textOf(data));
  }

  private addEpoch(data: Record<string, unknown>): void {
    this.last = data;
    const epoch = numberOf(data.epoch);
    if (epoch === null) return;
    this.epochs += 1;
    this.of(typeof data.stage === "string" ? data.stage : "").add(epoch, CURVES.map((name) => numberOf(data[name])));
  }

  private of(stage: string): Growing {
    const found = this.stages.get(stage) ?? new Growing(CURVES.length);
    this.stages.set(stage, found);
    return found;
  }

  private say({ seq, at }: JobEvent, text: string): void {
    if (!text) return;
    this.messages.push({ seq, at, text });
    if (this.messages.length > KEPT) {
      this.messages.splice(1, 1);  // the first, that it was queued, stays
      this.dropped += 1;
    }
  }

  /** Put all epochs of a report in place of those of a stage that the events told. */
  replace(stage: string, history: readonly { epoch: number; train_loss: number | null; validation_loss: number | null; learning_rate: number | null }[]): void {
    const all = new Growing(CURVES.length);
    for (const one of history) all.add(one.epoch, [one.train_loss, one.validation_loss, one.learning_rate]);
    if (all.length > 0) this.stages.set(stage, all);
  }
}

export function numberOf(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

function textOf(data: Record<string, unknown>): string {
  return typeof data.text === "string" ? data.text : "";
}

/** "running, attempt 2", "queued: its worker stopped". */
function stateInWords({ state, attempt, reason, error }: Record<string, unknown>): string {
  if (typeof state !== "string") return "";
  const detail = typeof error === "object" && error !== null && "detail" in error && typeof error.detail === "string" ? error.detail : "";
  const why = typeof reason === "string" && reason ? reason : detail;
  const times = typeof attempt === "number" && attempt > 1 ? `, attempt ${attempt}` : "";
  return `${state}${times}${why ? `: ${why}` : ""}`;
}
