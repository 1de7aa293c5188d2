/** Curves over the same x, which ascends: one array a curve, null where it has no value. */
export interface Points {
  x: number[];
  curves: (number | null)[][];
}

/**
 * At most about `2 * curves + 1` points for each of `buckets` equal stretches of x: those where a curve is highest and lowest
 * there, so that no peak is lost and every point that is left is one that was given. The first and the last stay.
 */
export function thin({ x, curves }: Points, buckets: number): Points {
  const last = x.length - 1;
  if (last < buckets * 2) return { x, curves };
  const from = x[0] ?? 0;
  const width = ((x[last] ?? 0) - from) / buckets || 1;
  const kept = new Set([0, last]);
  let begin = 0;
  while (begin <= last) {
    const bucket = Math.floor(((x[begin] ?? 0) - from) / width);
    let end = begin + 1;
    while (end <= last && Math.floor(((x[end] ?? 0) - from) / width) === bucket) end += 1;
    for (const curve of curves) extremes(curve, begin, end, kept);
    begin = end;
  }
  const order = [...kept].sort((a, b) => a - b);
  return { x: order.map((at) => x[at] ?? 0), curves: curves.map((curve) => order.map((at) => curve[at] ?? null)) };
}

/** Add where a curve is lowest, highest and first without a value, between two places. */
function extremes(curve: (number | null)[], begin: number, end: number, kept: Set<number>): void {
  let low = -1;
  let high = -1;
  let none = -1;
  for (let at = begin; at < end; at += 1) {
    const value = curve[at] ?? null;
    if (value === null) none = none < 0 ? at : none;
    else {
      if (low < 0 || value < (curve[low] ?? 0)) low = at;
      if (high < 0 || value > (curve[high] ?? 0)) high = at;
    }
  }
  for (const at of [low, high, none]) if (at >= 0) kept.add(at);
}

/** Points that come one after the other, thinned as they come: never more than `most` are held. */
export class Growing {
  points: Points;
  private readonly most: number;

  constructor(curves: number, most = 8000) {
    this.most = most;
    this.points = { x: [], curves: Array.from({ length: curves }, () => []) };
  }

  /** A point; where x goes back, as when a run is resumed from before, what was after it is forgotten. */
  add(x: number, values: (number | null | undefined)[]): void {
    const { points } = this;
    while (points.x.length > 0 && (points.x[points.x.length - 1] ?? 0) >= x) {
      points.x.pop();
      for (const curve of points.curves) curve.pop();
    }
    points.x.push(x);
    points.curves.forEach((curve, at) => {
      const value = values[at];
      curve.push(value === undefined || value === null || !Number.isFinite(value) ? null : value);
    });
    if (points.x.length > this.most) this.points = thin(points, Math.floor(this.most / (4 * points.curves.length + 2)));
  }

  get length(): number {
    return this.points.x.length;
  }
}
