/** Cells of a table as a person reads them. */
import { count, moment, number, NONE } from "../../words/format";

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

/** A time without its clock where it is midnight in UTC: the day of a date is no other where the reader is. */
export function timeOf(text: string): string {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return text;
  if (/T00:00:00(\.0+)?Z$/.test(text)) return new Intl.DateTimeFormat(navigator.languages?.length ? [...navigator.languages] : undefined, { dateStyle: "medium", timeZone: "UTC" }).format(at);
  return moment(text);
}
