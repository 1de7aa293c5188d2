/** Cells of a table as a person reads them. */
import { NONE, count, number } from "../../words/format.ts";

const MOST = 80; // characters of a cell in a table

/** A cell of a preview or of a stored row; `kind` is its column's. */
export function cellOf(value: unknown, kind: string): string {
  if (value === null || value === undefined) return NONE;
  if (typeof value === "number") return Number.isInteger(value) ? count(value) : number(value, 6);
  if (typeof value === "boolean") return value ? "true" : "false";
  const text = String(value);
  if (kind === "datetime") return timeOf(text);
  return text.length > MOST ? `${text.slice(0, MOST)}…` : text;
}

const LOCALE = navigator.languages?.length ? [...navigator.languages] : undefined;
const days = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeZone: "UTC" });
const minutes = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" });
const seconds = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeStyle: "medium", timeZone: "UTC" });

/** A time of a table as it stands there, in UTC wherever its reader is; of a day without a time, the day. */
export function timeOf(text: string): string {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return text;
  const clock = at.getTime() % 86_400_000;
  return (clock === 0 ? days : clock % 60_000 === 0 ? minutes : seconds).format(at);
}
