import type { Schema } from "../../api/client";

type Epoch = Pick<Schema<"ReportedEpoch">, "epoch" | "train_loss" | "validation_loss">;

/** The curves of a training; that of the validation rows only where there are any. `of` is put before their names. */
export function lossesOf(history: readonly Epoch[], of = ""): { name: string; x: number[]; y: (number | null)[] }[] {
  const x = history.map(({ epoch = 0 }) => epoch);
  const train = { name: `${of}train`, x, y: history.map(({ train_loss }) => train_loss ?? null) };
  const validation = { name: `${of}validation`, x, y: history.map(({ validation_loss }) => validation_loss ?? null) };
  return validation.y.some((value) => value !== null) ? [train, validation] : [train];
}
