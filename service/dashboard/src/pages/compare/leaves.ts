/** Two JSON documents side by side, place by place. */

export interface Place {
  pointer: string;
  /** undefined where a side has nothing there. */
  a: unknown;
  b: unknown;
  differs: boolean;
}

/** Every place at which either has a value that is no object, as JSON pointers in their order. */
export function sideBySide(a: unknown, b: unknown): Place[] {
  const [one, other] = [leaves(a), leaves(b)];
  return [...new Set([...one.keys(), ...other.keys()])].sort().map((pointer) => {
    const [left, right] = [one.get(pointer), other.get(pointer)];
    return { pointer, a: left, b: right, differs: JSON.stringify(left) !== JSON.stringify(right) };
  });
}

/** The values of a document by their JSON pointers; lists are values, as an order of columns is one. */
function leaves(document: unknown, at = "", found = new Map<string, unknown>()): Map<string, unknown> {
  if (typeof document === "object" && document !== null && !Array.isArray(document) && Object.keys(document).length > 0) {
    for (const [key, value] of Object.entries(document)) leaves(value, `${at}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`, found);
  } else if (at !== "") {
    found.set(at, document);
  }
  return found;
}

/** How much a difference is of what it starts from; null where that is no number. */
export function relative(from: number | null, difference: number | null): number | null {
  return from === null || difference === null || from === 0 ? null : difference / Math.abs(from);
}
