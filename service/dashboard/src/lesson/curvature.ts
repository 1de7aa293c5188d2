/**
 * Curvature of the mean squared error: its Hessian H = (2/n) ZᵀZ with Z = [X, 1] does not depend on the parameters. A step
 * of rate η makes the error along an eigenvector of H (1 - ηλ) times what it was: batch descent converges for η < 2/λmax.
 */
import type { Rows } from "./scaling.ts";

export interface Curvature {
  hessian: number[][];
  /** From the greatest; the eigenvectors in the same order. */
  eigenvalues: number[];
  eigenvectors: number[][];
  /** Without flat directions. */
  smallest: number;
  largest: number;
  condition: number;
  /** Batch descent converges below. */
  stable: number;
  /** 2/(λmax + λmin): the rate with the best worst case. */
  best: number;
}

/** H over the rows that are named, or over all. */
export function hessianOf(x: Rows, rows?: ArrayLike<number>): number[][] {
  const width = (x[0]?.length ?? 0) + 1;
  const total = Array.from({ length: width }, () => Array<number>(width).fill(0));
  const count = rows ? rows.length : x.length;
  for (let index = 0; index < count; index += 1) {
    const row = [...(x[rows ? (rows[index] ?? 0) : index] ?? []), 1];
    for (const [i, one] of row.entries()) {
      const sums = total[i] ?? [];
      for (const [j, other] of row.entries()) sums[j] = (sums[j] ?? 0) + one * other;
    }
  }
  return total.map((sums) => sums.map((sum) => (2 * sum) / Math.max(1, count)));
}

export function curvatureOf(x: Rows): Curvature {
  const hessian = hessianOf(x);
  const { values, vectors } = eigen(hessian);
  const largest = values[0] ?? 0;
  const smallest = values[hessian.length - 1 - flatDirections(hessian)] ?? largest;
  return { hessian, eigenvalues: values, eigenvectors: vectors, smallest, largest, condition: largest / smallest, stable: 2 / largest, best: 2 / (largest + smallest) };
}

/** How many directions float64 cannot tell from flat, however the columns are scaled: columns that repeat each other. */
export function flatDirections(hessian: readonly (readonly number[])[]): number {
  const sizes = hessian.map((row, index) => Math.sqrt(row[index] ?? 0));
  const even = hessian.map((row, i) => row.map((value, j) => value / ((sizes[i] || 1) * (sizes[j] || 1))));
  return eigen(even).values.filter((value) => !(value > hessian.length * 4 * Number.EPSILON)).length;
}

/**
 * Eigenvalues of a small matrix that is symmetric and not negative, from the greatest, and their vectors: Jacobi's rotations, until
 * what is off the diagonal is small beside the two on it, so that small eigenvalues have as many true digits as great ones
 * (Demmel and Veselić 1992).
 */
export function eigen(symmetric: readonly (readonly number[])[]): { values: number[]; vectors: number[][] } {
  const size = symmetric.length;
  const a = symmetric.map((row) => [...row]);
  const v = symmetric.map((_, i) => symmetric.map((__, j) => (i === j ? 1 : 0)));
  const get = (m: number[][], i: number, j: number): number => m[i]?.[j] ?? 0;
  const put = (m: number[][], i: number, j: number, value: number): void => {
    const row = m[i];
    if (row) row[j] = value;
  };
  for (let round = 0; round < 60; round += 1) {
    let isDone = true;
    for (let p = 0; p < size; p += 1) {
      for (let q = p + 1; q < size; q += 1) {
        const off = get(a, p, q);
        if (Math.abs(off) <= 1e-17 * Math.sqrt(Math.abs(get(a, p, p) * get(a, q, q)))) continue;
        isDone = false;
        const angle = (get(a, q, q) - get(a, p, p)) / (2 * off);
        const tangent = (angle >= 0 ? 1 : -1) / (Math.abs(angle) + Math.hypot(angle, 1));
        const cosine = 1 / Math.hypot(tangent, 1);
        const sine = tangent * cosine;
        for (let k = 0; k < size; k += 1) {
          const [left, right] = [get(a, k, p), get(a, k, q)];
          put(a, k, p, cosine * left - sine * right);
          put(a, k, q, sine * left + cosine * right);
        }
        for (let k = 0; k < size; k += 1) {
          const [left, right] = [get(a, p, k), get(a, q, k)];
          put(a, p, k, cosine * left - sine * right);
          put(a, q, k, sine * left + cosine * right);
          const [one, other] = [get(v, k, p), get(v, k, q)];
          put(v, k, p, cosine * one - sine * other);
          put(v, k, q, sine * one + cosine * other);
        }
      }
    }
    if (isDone) break;
  }
  const order = a.map((_, index) => index).sort((one, other) => get(a, other, other) - get(a, one, one));
  return { values: order.map((index) => get(a, index, index)), vectors: order.map((index) => v.map((row) => row[index] ?? 0)) };
}
