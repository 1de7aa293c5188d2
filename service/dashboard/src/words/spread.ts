import { counted, number, percent } from "./format.ts";

/** How the cells of a column are spread, as it is stored in a profile. */
export interface Bins {
  edges: readonly number[];
  counts: readonly number[];
}

export interface Bar {
  /** The share of the highest bar, from 0 to 1. */
  height: number;
  words: string;
}

/** A bar for each bin; one that is not empty is seen, however few are in it. */
export function barsOf({ edges, counts }: Bins): Bar[] {
  const most = Math.max(0, ...counts);
  return counts.map((count, at) => ({
    height: count && most ? Math.max(count / most, 0.03) : 0,
    words: `${number(edges[at])} to ${number(edges[at + 1])}: ${counted(count, "cell")}`,
  }));
}

/** The same picture in words. */
export function toldOfBins({ edges, counts }: Bins): string {
  const low = edges[0];
  const high = edges[edges.length - 1];
  const all = counts.reduce((sum, count) => sum + count, 0);
  if (low === undefined || high === undefined || all === 0) return "no numbers";
  if (low === high || counts.length < 2) return `all ${number(low)}`;
  const most = counts.indexOf(Math.max(...counts));
  const share = (counts[most] ?? 0) / all;
  return `${counts.length} bins from ${number(low)} to ${number(high)}; most cells, ${percent(share)}, from ${number(edges[most])} to ${number(edges[most + 1])}`;
}

export interface Counted {
  value: string | number | boolean;
  count: number;
}

export interface Share {
  name: string;
  share: number;
  isRest: boolean;
}

/** The most frequent values with their shares of `of` cells, and what is left for all others together. */
export function sharesOf(top: readonly Counted[], of: number, most: number): Share[] {
  const taken = top.length === most + 1 ? top : top.slice(0, most); // one other has a name
  const shown = taken.map(({ value, count }) => ({ name: String(value), share: of ? count / of : 0, isRest: false }));
  const rest = of - taken.reduce((sum, { count }) => sum + count, 0);
  return rest > 0 && of ? [...shown, { name: "all others", share: rest / of, isRest: true }] : shown;
}
