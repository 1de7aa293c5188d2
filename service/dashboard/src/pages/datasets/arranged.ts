/** The columns of a profile in the order that a person asks for. */

export const ORDERS = ["as in the file", "by name", "most missing first", "strongest correlation first"] as const;
export type Order = (typeof ORDERS)[number];

interface Column {
  name: string;
  nulls: number;
}

/** Those whose name has `part` in it (capitals or not), in this order; `correlations` by name, null where there is none. */
export function arranged<T extends Column>(columns: readonly T[], part: string, order: Order, correlations: ReadonlyMap<string, number | null>): T[] {
  const wanted = part.trim().toLowerCase();
  const found = columns.filter(({ name }) => name.toLowerCase().includes(wanted));
  if (order === "by name") return found.sort((a, b) => a.name.localeCompare(b.name));
  if (order === "most missing first") return found.sort((a, b) => b.nulls - a.nulls);
  if (order === "strongest correlation first") return found.sort((a, b) => strength(b.name, correlations) - strength(a.name, correlations));
  return found;
}

function strength(name: string, correlations: ReadonlyMap<string, number | null>): number {
  const found = correlations.get(name);
  return found === null || found === undefined ? -1 : Math.abs(found);
}
