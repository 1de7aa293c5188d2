import type { Schema } from "../../api/client";
import { thin } from "../../ui/plot/thin.ts";

type Epoch = Pick<Schema<"ReportedEpoch">, "epoch" | "train_loss" | "validation_loss">;

const STRETCHES = 1500;  // of a long history; in each the highest and the lowest points are drawn

/**
 * The curves of a training; that of the validation rows only where there are any. `of` is put before their names. Of very many
 * epochs those are left that a picture can show.
 */
export function lossesOf(history: readonly Epoch[], of = ""): { name: string; x: number[]; y: (number | null)[] }[] {
  const losses = [
    { name: `${of}train`, y: history.map(({ train_loss }) => train_loss ?? null) },
    { name: `${of}validation`, y: history.map(({ validation_loss }) => validation_loss ?? null) },
  ].filter(({ y }, place) => place === 0 || y.some((value) => value !== null));
  const { x, curves } = thin({ x: history.map(({ epoch = 0 }) => epoch), curves: losses.map(({ y }) => y) }, STRETCHES);
  return losses.map(({ name }, place) => ({ name, x, y: curves[place] ?? [] }));
}
