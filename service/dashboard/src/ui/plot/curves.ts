/** A named curve; `x` ascends. Curves that share one `x` array are the cheapest. */
export interface Curve {
  name: string;
  x: number[];
  y: (number | null)[];
  /** which of the theme's four colours, from 1; by its place in the list where it is left out */
  colour?: number;
  /** marks at the points and no line between them */
  isPoints?: boolean;
}

type Column = (number | null | undefined)[];

/** The curves over one x: undefined where another has a point and this one none, which draws no gap. */
export function align(curves: Curve[], isLog: boolean): [number[], ...Column[]] {
  const seen = isLog ? curves.map(({ y }) => y.map((value) => (value !== null && value > 0 ? value : null))) : curves.map(({ y }) => y);
  const first = curves[0]?.x ?? [];
  if (curves.every(({ x }) => x === first)) return [first, ...seen];
  const at = curves.map(() => 0);
  const x: number[] = [];
  const columns: Column[] = curves.map(() => []);
  for (;;) {
    let next = Infinity;
    curves.forEach((curve, which) => {
      next = Math.min(next, curve.x[at[which] ?? 0] ?? Infinity);
    });
    if (next === Infinity) return [x, ...columns];
    x.push(next);
    curves.forEach((curve, which) => {
      const here = at[which] ?? 0;
      const isHere = curve.x[here] === next;
      columns[which]?.push(isHere ? (seen[which]?.[here] ?? null) : undefined);
      if (isHere) at[which] = here + 1;
    });
  }
}

export interface Summary {
  name: string;
  first: [number, number];
  last: [number, number];
  least: [number, number];
  most: [number, number];
}

/** Where a curve begins, ends, and is lowest and highest; null where it has no value. */
export function summary({ name, x, y }: Curve): Summary | null {
  let found: Summary | null = null;
  for (let at = 0; at < x.length; at += 1) {
    const value = y[at] ?? null;
    if (value === null) continue;
    const here: [number, number] = [x[at] ?? 0, value];
    found ??= { name, first: here, last: here, least: here, most: here };
    found.last = here;
    if (value < found.least[1]) found.least = here;
    if (value > found.most[1]) found.most = here;
  }
  return found;
}

/** At most `most` places of a list of `length`, evenly apart, the first and the last among them. */
export function evenly(length: number, most: number): number[] {
  if (length <= most) return Array.from({ length }, (_, at) => at);
  return Array.from({ length: most }, (_, at) => Math.round((at * (length - 1)) / (most - 1)));
}

/** Values of each curve at some of the places of the first: rows of a table. */
export function rowsOf(curves: Curve[], most: number): { x: number; values: (number | null)[] }[] {
  const [x, ...columns] = align(curves, false);
  return evenly(x.length, most).map((at) => ({ x: x[at] ?? 0, values: columns.map((column) => column[at] ?? null) }));
}
