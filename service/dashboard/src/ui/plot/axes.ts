/** Where a logarithmic axis has its marks: powers of ten, with 2 and 5 between them where there is room, or even steps. */
export function logTicks(low: number, high: number, most = 8): number[] {
  const decades = Math.log10(high / low);
  if (decades < 0.7) return evenTicks(low, high, most);
  const first = Math.floor(Math.log10(low));
  const last = Math.ceil(Math.log10(high));
  const step = Math.max(1, Math.ceil(decades / most));
  const between = decades <= 2 ? [1, 2, 5] : [1];
  const ticks: number[] = [];
  for (let power = first; power <= last; power += step) {
    for (const times of between) {
      const tick = Number(`${times}e${power}`);
      if (tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9)) ticks.push(tick);
    }
  }
  return ticks;
}

/** Steps of 1, 2 or 5 times a power of ten. */
export function evenTicks(low: number, high: number, most = 8): number[] {
  const rough = (high - low) / most;
  if (!(rough > 0)) return [low];
  const power = Math.floor(Math.log10(rough));
  const times = [1, 2, 5, 10].find((one) => one * 10 ** power >= rough) ?? 10;
  const step = times * 10 ** power;
  const ticks: number[] = [];
  for (let at = Math.ceil(low / step - 1e-9); at * step <= high + step * 1e-9; at += 1) {
    ticks.push(Number((at * step).toPrecision(12)));
  }
  return ticks;
}

/** What an axis spans for values from `low` to `high`: a little more on each side; null where there is nothing to span. */
export function span(low: number | null, high: number | null, log: boolean): [number, number] {
  if (low === null || high === null || !Number.isFinite(low) || !Number.isFinite(high)) return log ? [0.1, 1] : [0, 1];
  if (log) {
    const room = low === high ? 2 : (high / low) ** 0.05;
    return [low / room, high * room];
  }
  const room = low === high ? Math.abs(low) / 2 || 1 : (high - low) * 0.05;
  return [low - room, high + room];
}
