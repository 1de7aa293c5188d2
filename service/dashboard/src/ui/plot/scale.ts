/** Scales of a drawing: from numbers to pixels, and the round numbers that stand at its axes. */

export type Range = readonly [number, number];
export type Scale = (value: number) => number;

/** The line that leads `from[0]` to `to[0]` and `from[1]` to `to[1]`; the middle of `to` where `from` is a single number. */
export function linear(from: Range, to: Range): Scale {
  const span = from[1] - from[0];
  if (!(Math.abs(span) > 0)) return () => (to[0] + to[1]) / 2;
  return (value) => to[0] + ((value - from[0]) / span) * (to[1] - to[0]);
}

/** Round numbers (1, 2 or 5 times a power of ten apart) within a range, about as many as wished. */
export function ticks([low, high]: Range, wished: number): number[] {
  if (!Number.isFinite(low) || !Number.isFinite(high) || !(high > low)) return [];
  const rough = (high - low) / Math.max(1, wished);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * power).find((size) => size >= rough * 0.999) ?? 10 * power;
  const found: number[] = [];
  for (let index = Math.ceil(low / step - 1e-9); index * step <= high + step * 1e-9; index += 1) {
    // divided by a whole number where the step is a fraction: 3 * 0.1 is not 0.3
    const tick = step < 1 ? index / Math.round(1 / step) : index * step;
    found.push(tick === 0 ? 0 : tick);  // no -0
    if (found.length > 50) break;
  }
  return found;
}

/** Powers of ten within a range of powers, thinned to about as many as wished; with 2 and 5 times them where it is short. */
export function powerTicks([low, high]: Range, wished: number): number[] {
  if (!Number.isFinite(low) || !Number.isFinite(high) || !(high > low)) return [];
  const every = Math.max(1, Math.ceil((high - low) / Math.max(1, wished)));
  const between = high - low < 0.75 ? [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9] : high - low < 2.5 ? [1, 2, 5] : [1];
  const found: number[] = [];
  for (let power = Math.floor(low / every) * every; power <= high; power += every) {
    for (const times of between) {
      const tick = power + Math.log10(times);
      if (tick >= low && tick <= high) found.push(tick);
    }
  }
  return found;
}

/** The least range that holds all finite numbers, made wider on both sides by a share of itself; never of no width. */
export function extent(values: Iterable<number>, wider = 0.05): Range {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return [0, 1];
  const more = low === high ? Math.abs(low) * 0.5 || 1 : (high - low) * wider;
  return [low - more, high + more];
}
