/** The loss as a surface over two of the parameters: a bowl, cut by ellipses of equal loss. */
import { eigen, hessianOf } from "./curvature.ts";
import { loss } from "./neuron.ts";
import { fitScaler, meanOf, type Rows, scaled } from "./scaling.ts";

export type Pair = [number, number];

/** L(θ) = least + ½(θ - θ*)ᵀH(θ - θ*), the whole bowl. */
export interface Bowl {
  hessian: number[][];
  optimum: number[];
  least: number;
}

/** What is seen of it over two parameters, while the others stay as they are. */
export interface Slice {
  axes: [number, number];
  centre: Pair;
  hessian: [Pair, Pair];
  least: number;
}

/** The bowl of the rows; where columns repeat each other, the flattest parameters that reach the least loss. */
export function bowlOf(x: Rows, y: readonly number[]): Bowl {
  const scaler = fitScaler(x);
  const middle = meanOf(y);
  const even = scaled(x, scaler);
  const width = scaler.means.length;
  const { values, vectors } = eigen(hessianOf(even).slice(0, width).map((row) => row.slice(0, width)));
  const pull = scaler.means.map((_, column) => 2 * meanOf(even.map((row, index) => (row[column] ?? 0) * ((y[index] ?? 0) - middle))));
  const flat = (values[0] ?? 0) * width * Number.EPSILON;
  const slopes = Array<number>(width).fill(0);
  for (const [index, vector] of vectors.entries()) {
    const value = values[index] ?? 0;
    if (!(value > flat)) continue;
    const along = vector.reduce((sum, part, column) => sum + part * (pull[column] ?? 0), 0) / value;
    for (const [column, part] of vector.entries()) slopes[column] = (slopes[column] ?? 0) + along * part;
  }
  const weights = slopes.map((slope, column) => slope / (scaler.scales[column] ?? 1));
  const bias = middle - weights.reduce((sum, weight, column) => sum + weight * (scaler.means[column] ?? 0), 0);
  const optimum = [...weights, bias];
  return { hessian: hessianOf(x), optimum, least: loss(x, y, optimum) };
}

export function lossOn({ hessian, optimum, least }: Bowl, parameters: ArrayLike<number>): number {
  const away = optimum.map((best, index) => (parameters[index] ?? 0) - best);
  let bent = 0;
  for (const [i, one] of away.entries()) for (const [j, other] of away.entries()) bent += one * other * (hessian[i]?.[j] ?? 0);
  return least + bent / 2;
}

/** The slice over two parameters through given ones. */
export function sliceOf(bowl: Bowl, [i, j]: [number, number], through: ArrayLike<number>): Slice {
  const h = (row: number, column: number): number => bowl.hessian[row]?.[column] ?? 0;
  // of the others, how far they are from their best pulls on these two
  const pulled: Pair = [0, 0];
  for (const [k, best] of bowl.optimum.entries()) {
    if (k === i || k === j) continue;
    pulled[0] += h(i, k) * ((through[k] ?? 0) - best);
    pulled[1] += h(j, k) * ((through[k] ?? 0) - best);
  }
  const [a, b, c] = [h(i, i), h(i, j), h(j, j)];
  const determinant = a * c - b * b;
  const singular = !(determinant > a * c * 1e-14);
  const shift: Pair = singular ? [a > 0 ? -pulled[0] / a : 0, 0] : [(b * pulled[1] - c * pulled[0]) / determinant, (b * pulled[0] - a * pulled[1]) / determinant];
  const centre: Pair = [(bowl.optimum[i] ?? 0) + shift[0], (bowl.optimum[j] ?? 0) + shift[1]];
  const lowest = Array.from(through);
  lowest[i] = centre[0];
  lowest[j] = centre[1];
  return { axes: [i, j], centre, hessian: [[a, b], [b, c]], least: lossOn(bowl, lowest) };
}

/** Points of the ellipse on which the loss is `above` more than the slice's least. */
export function ellipse({ centre, hessian }: Slice, above: number, count = 96): Pair[] {
  // by Cholesky's triangle, which the sizes of the two parameters do not disturb; a flat direction is made a very long one
  const [[a, b], [, c]] = hessian;
  const one = Math.sqrt(Math.max(a, Number.MIN_VALUE));
  const lean = b / one;
  const other = Math.sqrt(Math.max(c - lean * lean, c * 1e-13, Number.MIN_VALUE));
  const size = Math.sqrt(2 * Math.max(above, 0));
  return Array.from({ length: count }, (_, index) => {
    const angle = (2 * Math.PI * index) / count;
    const up = (size * Math.sin(angle)) / other;
    return [centre[0] + (size * Math.cos(angle) - lean * up) / one, centre[1] + up];
  });
}

/** What part of the plane to show: the way from the start to the optimum, and as much beyond, where steps overshoot. */
export function window(bowl: Bowl, [i, j]: [number, number]): { x: Pair; y: Pair } {
  const height = Math.max(lossOn(bowl, Array<number>(bowl.optimum.length).fill(0)) - bowl.least, 0);
  const range = (k: number): Pair => {
    const best = bowl.optimum[k] ?? 0;
    const curved = bowl.hessian[k]?.[k] ?? 0;
    const half = Math.max(1.35 * Math.abs(best), curved > 0 ? 0.6 * Math.sqrt((2 * height) / curved) : 0) || 1;
    return [best - half, best + half];
  };
  return { x: range(i), y: range(j) };
}

/**
 * The same, wider where a path leaves it, up to three times as wide: while a third parameter is on its way, the two that are seen
 * go somewhere else than to their own optimum first.
 */
export function widened(shown: { x: Pair; y: Pair }, points: readonly Pair[]): { x: Pair; y: Pair } {
  const wider = ([low, high]: Pair, values: number[]): Pair => {
    const more = (high - low) / 20;
    const found = values.filter((value) => Number.isFinite(value));
    const reach = [Math.min(low, ...found.map((value) => value - more)), Math.max(high, ...found.map((value) => value + more))] as const;
    return [Math.max(reach[0], low - (high - low)), Math.min(reach[1], high + (high - low))];
  };
  return { x: wider(shown.x, points.map(([x]) => x)), y: wider(shown.y, points.map(([, y]) => y)) };
}

/** Heights above the least loss at which to draw ellipses, from the outermost: each half of the one before. */
export function levels(slice: Slice, shown: { x: readonly [number, number]; y: readonly [number, number] }, count = 11): number[] {
  const [[a, b], [, c]] = slice.hessian;
  let highest = 0;
  for (const x of shown.x) {
    for (const y of shown.y) {
      const [dx, dy] = [x - slice.centre[0], y - slice.centre[1]];
      highest = Math.max(highest, (a * dx * dx + 2 * b * dx * dy + c * dy * dy) / 2);
    }
  }
  return Array.from({ length: count }, (_, index) => (0.8 * highest) / 2 ** index);
}
