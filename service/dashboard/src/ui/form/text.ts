import { isObject } from "./draft.ts";
import type { Json, Way } from "./schema.ts";

/** What is typed for a value of a way; a number as `show` writes it. */
export function textOf(value: Json | undefined, way: Way, show: (value: number) => string): string {
  if (value === undefined) return "";
  if (typeof value === "string" && way.is !== "json") return value;
  if (typeof value === "number") return show(value);
  if (way.is === "list" && Array.isArray(value)) return value.map((one) => (typeof one === "string" ? one : JSON.stringify(one))).join(way.of === "number" ? ", " : "\n");
  return typeof value === "string" ? value : JSON.stringify(value, null, isObject(value) ? 1 : 0);
}

/** The value of what is typed; undefined for nothing. What cannot be read stays the text that it is: the server says why. */
export function valueOf(text: string, way: Way, read: (text: string) => number | null): Json | undefined {
  const typed = text.trim();
  if (typed === "") return undefined;
  switch (way.is) {
    case "number":
      return read(typed) ?? typed;
    case "list": {
      const parts = typed.split(way.of === "number" ? /[,;\s]+/ : /\n/).map((part) => part.trim()).filter(Boolean);
      return way.of === "number" ? parts.map((part) => read(part) ?? part) : parts;
    }
    case "json":
      try {
        return JSON.parse(typed) as Json;
      } catch {
        return typed;
      }
    default:
      return typed;
  }
}

/** "0 to 1", "above 0 to below 1", "1 or more", "above 0"; empty where all is allowed. */
export function range(way: Way, show: (value: number) => string): string {
  if (way.is !== "number") return "";
  const { minimum, above, maximum, below } = way;
  const [least, most] = [minimum ?? above, maximum ?? below];
  if (least === undefined) return "";
  const from = `${above === undefined ? "" : "above "}${show(least)}`;
  if (most !== undefined && most < 1e9) return `${from} to ${below === undefined ? "" : "below "}${show(most)}`;
  return above === undefined ? `${from} or more` : from;
}
