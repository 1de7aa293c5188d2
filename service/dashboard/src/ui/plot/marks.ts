import type { Scale } from "./scale";

interface Scales {
  x: Scale;
  y: Scale;
}
type Pairs = readonly (readonly [number, number])[];

const FARTHEST = 1e5; // pixels: beyond, browsers lose precision

/** One path for all points: a dot or a ring is a line of no length with a round end, a cross is two lines. */
export function dots(points: Pairs, at: Scales, shape: "dot" | "ring" | "cross"): string {
  const parts: string[] = [];
  for (const [x, y] of points) {
    if (!Number.isFinite(x) || !Number.isFinite(y)) continue;
    const [left, top] = [near(at.x(x)), near(at.y(y))];
    if (shape === "cross") parts.push(`M${left - 3} ${top - 3}l6 6m0 -6l-6 6`);
    else if (shape === "ring") parts.push(`M${left - 3.2} ${top}a3.2 3.2 0 1 0 6.4 0a3.2 3.2 0 1 0 -6.4 0`);
    else parts.push(`M${left} ${top}h0`);
  }
  return parts.join("");
}

/** A path through points, broken where one is not a number. */
export function line(points: Pairs, at: Scales): string {
  const parts: string[] = [];
  let isDown = false;
  for (const [x, y] of points) {
    if (!Number.isFinite(x) || !Number.isFinite(y)) {
      isDown = false;
      continue;
    }
    parts.push(`${isDown ? "L" : "M"}${near(at.x(x))} ${near(at.y(y))}`);
    isDown = true;
  }
  return parts.join("");
}

function near(pixels: number): number {
  return Math.round(Math.max(-FARTHEST, Math.min(FARTHEST, pixels)) * 10) / 10;
}
