import type { FormField, Json, JsonObject } from "./schema.ts";

/** What a person has chosen: only what differs from the defaults, which are the server's to know. */
export type Draft = JsonObject;

/** Whether a value that is JSON is an object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What is at a place such as ["optimizer", "learning_rate"]; undefined where nothing was chosen. */
export function at(draft: Draft, path: readonly string[]): Json | undefined {
  let value: Json | undefined = draft;
  for (const name of path) value = isObject(value) ? value[name] : undefined;
  return value;
}

/** The draft with another value at a place; undefined takes it away, and the objects that are empty then. */
export function put(draft: Draft, path: readonly string[], value: Json | undefined): Draft {
  const [name, ...rest] = path;
  if (name === undefined) return draft;
  const { [name]: before, ...others } = draft;
  const after = rest.length === 0 ? value : put(isObject(before) ? before : {}, rest, value);
  const isGone = after === undefined || (rest.length > 0 && isObject(after) && Object.keys(after).length === 0);
  // where it was, so that the lines to copy do not jump
  if (name in draft) return Object.fromEntries(Object.entries(draft).flatMap(([key, old]): [string, Json][] => (key !== name ? [[key, old]] : isGone ? [] : [[key, after]])));
  return isGone ? draft : { ...others, [name]: after };
}

export function isSame(one: Json | undefined, other: Json | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** The draft without what is as it would be if it were left out: a spec of which every field is written down says little so. */
export function withoutPresets(draft: Draft, fields: readonly FormField[]): Draft {
  const kept: Draft = { ...draft };
  for (const { name, preset, ways } of fields) {
    const value = kept[name];
    const inside = ways.find((way) => way.is === "object");
    const left = inside && isObject(value) ? withoutPresets(value, inside.fields) : value;
    const isEmpty = ways.length === 1 && isObject(left) && Object.keys(left).length === 0;
    if (left === undefined || isEmpty || (preset !== undefined && isSame(left, preset))) delete kept[name];
    else kept[name] = left;
  }
  return kept;
}

/** How many values below a place were chosen. */
export function chosen(value: Json | undefined): number {
  if (value === undefined) return 0;
  return isObject(value) ? Object.values(value).reduce<number>((sum, one) => sum + chosen(one), 0) : 1;
}

/** A value as words: what a select shows for it. */
export function word(value: Json): string {
  if (value === null) return "none";
  if (value === true) return "yes";
  if (value === false) return "no";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** A JSON pointer of a place (RFC 6901), as the API names it. */
export function pointer(path: readonly string[]): string {
  return path.map((name) => `/${name.replace(/~/g, "~0").replace(/\//g, "~1")}`).join("");
}
