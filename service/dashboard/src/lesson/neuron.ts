/** A linear neuron: ŷ = w·x + b, its mean squared error and that error's gradient. Parameters are [w₁, …, wₘ, b]. */
import type { Rows } from "./scaling.ts";

export type Parameters = ArrayLike<number>;

export function predict(row: readonly number[], parameters: Parameters): number {
  let sum = 0;
  for (let column = 0; column < row.length; column += 1) sum += (row[column] ?? 0) * (parameters[column] ?? 0);
  return sum + (parameters[row.length] ?? 0);
}

/** (1/n) Σ (ŷᵢ - yᵢ)²; not a number where there are no rows. */
export function loss(x: Rows, y: readonly number[], parameters: Parameters): number {
  let sum = 0;
  for (let index = 0; index < x.length; index += 1) sum += (predict(x[index] ?? [], parameters) - (y[index] ?? 0)) ** 2;
  return sum / x.length;
}

/** ∂L/∂wⱼ = (2/n) Σ (ŷᵢ - yᵢ) xᵢⱼ and ∂L/∂b = (2/n) Σ (ŷᵢ - yᵢ), over the rows that are named; with the loss on them. */
export function gradient(x: Rows, y: readonly number[], parameters: Parameters, rows: ArrayLike<number>): { gradient: number[]; loss: number } {
  const width = parameters.length - 1;
  const found = Array<number>(width + 1).fill(0);
  let squares = 0;
  for (let index = 0; index < rows.length; index += 1) {
    const row = x[rows[index] ?? 0] ?? [];
    const error = predict(row, parameters) - (y[rows[index] ?? 0] ?? 0);
    squares += error ** 2;
    for (let column = 0; column < width; column += 1) found[column] = (found[column] ?? 0) + error * (row[column] ?? 0);
    found[width] = (found[width] ?? 0) + error;
  }
  return { gradient: found.map((sum) => (2 * sum) / rows.length), loss: squares / rows.length };
}
