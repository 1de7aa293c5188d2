/**
 * The order of rows, from a seed alone: the same numbers in a browser and in Python (see script.ts, which writes this out
 * again). Mulberry32 (Tommy Ettinger, public domain) gives 32 bits a time; the shuffle is that of Fisher and Yates.
 */

/** A source of whole numbers from 0 to 2³² - 1. */
export function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

/** 0 to `count` - 1 in the order of an epoch. Epoch 0 is the order in which rows are split. */
export function orderOf(count: number, seed: number, epoch: number): number[] {
  const next = mulberry32(seed * 65537 + epoch);
  const order = Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last -= 1) {
    // exact: the product is below 2⁵³, and dividing by a power of two rounds nothing
    const other = Math.floor((next() * (last + 1)) / 2 ** 32);
    const kept = order[last] ?? 0;
    order[last] = order[other] ?? 0;
    order[other] = kept;
  }
  return order;
}

/** Which rows train, validate and test. */
export interface Parts {
  train: number[];
  validation: number[];
  test: number[];
}

/** Rows split by shares of them; at least one trains. */
export function split(count: number, seed: number, shares: { validation: number; test: number }): Parts {
  const order = orderOf(count, seed, 0);
  const tested = Math.min(Math.round(count * shares.test), Math.max(0, count - 1));
  const validated = Math.min(Math.round(count * shares.validation), Math.max(0, count - 1 - tested));
  const trained = count - tested - validated;
  return { train: order.slice(0, trained), validation: order.slice(trained, trained + validated), test: order.slice(trained + validated) };
}
