/** Numbers, times and sizes as the browser's language writes them. */
import { type Read, marksOf, readNumber } from "./number.ts";

const LOCALE = navigator.languages?.length ? [...navigator.languages] : undefined;

const ways = new Map<string, (value: number) => string>();

/**
 * A way of writing numbers, with the minus sign of print in place of a hyphen, and none before zero. Each is made once: to
 * make one takes as long as to write thirty numbers.
 */
function written(options: Intl.NumberFormatOptions): (value: number) => string {
  const name = JSON.stringify(options);
  let way = ways.get(name);
  if (!way) {
    const format = new Intl.NumberFormat(LOCALE, { signDisplay: "negative", ...options });
    way = (value) => format.format(value).replace("-", "−");
    ways.set(name, way);
  }
  return way;
}

const whole = written({ maximumFractionDigits: 0 });
const percentages = written({ style: "percent", maximumFractionDigits: 1 });
const moments = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeStyle: "short" });
const days = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium" });
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });  // words are those of the page, within whose sentences they stand

export const NONE = "–";

/** A number with as many digits as a person reads: 4 that count, in powers of ten where it is very large or small. */
export function number(value: number | null | undefined, digits = 4): string {
  if (value === null || value === undefined || Number.isNaN(value)) return NONE;
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e9 || size < 1e-4)) return scientific(value, digits);
  if (Number.isInteger(value)) return whole(value);
  const places = Math.max(0, digits - 1 - Math.floor(Math.log10(size)));
  return written({ maximumFractionDigits: Math.min(places, 20) })(value);
}

function scientific(value: number, digits: number): string {
  const [mantissa = "0", exponent = "0"] = value.toExponential(digits - 1).split("e");
  const shown = written({ maximumFractionDigits: digits - 1 })(Number(mantissa));
  const raised = [...exponent.replace("+", "")].map((sign) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(sign)] ?? "").join("");
  return `${shown} · 10${raised}`;
}

/** Two ends, with as many digits as tell them apart. */
export function range(low: number, high: number): string {
  const size = Math.max(Math.abs(low), Math.abs(high));
  const apart = high > low && size > 0 ? Math.ceil(Math.log10(size / (high - low))) + 3 : 4;
  const digits = Math.min(15, Math.max(4, apart));
  return `${number(low, digits)} to ${number(high, digits)}`;
}

export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? NONE : whole(value);
}

/** "1 row", "2,000 rows". */
export function counted(value: number, one: string, more = `${one}s`): string {
  return `${whole(value)} ${value === 1 ? one : more}`;
}

/** Names in a sentence, the first of many. */
export function listed(names: string[], most = 8): string {
  const shown = names.slice(0, most).join(", ");
  return names.length <= most ? shown : `${shown} and ${names.length - most} more`;
}

/** A share from 0 to 1. */
export function percent(share: number | null | undefined): string {
  return share === null || share === undefined || Number.isNaN(share) ? NONE : percentages(share);
}

/** A number behind a sign: negative ones in brackets. */
export function bracketed(value: number): string {
  return value < 0 ? `(${number(value)})` : number(value);
}

/** A share that may be tiny: with digits that count below 0.1 %. */
export function shareOf(share: number): string {
  if (!(share > 0 && share < 1e-3)) return percent(share);
  return share < 1e-6 ? `${number(share * 100, 2)} %` : written({ style: "percent", maximumSignificantDigits: 2 })(share);
}

export function bytes(size: number | null | undefined): string {
  if (size === null || size === undefined) return NONE;
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = size;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${written({ maximumFractionDigits: unit === 0 || value >= 100 ? 0 : 1 })(value)} ${units[unit]}`;
}

/** A duration: "0.4 s", "3 min 20 s", "2 h 5 min". */
export function seconds(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  if (value > 0 && value < 0.05) return `under ${written({})(0.1)} s`;
  if (value < 60) return `${written({ maximumFractionDigits: value < 10 ? 1 : 0 })(value)} s`;
  const rest = Math.round(value);
  if (rest < 3600) return `${Math.floor(rest / 60)} min ${rest % 60} s`;
  return `${whole(Math.floor(rest / 3600))} h ${Math.floor((rest % 3600) / 60)} min`;
}

export function moment(at: string | number | null | undefined): string {
  return at === null || at === undefined ? NONE : moments.format(new Date(at));
}

export function day(at: string | number | null | undefined): string {
  return at === null || at === undefined ? NONE : days.format(new Date(at));
}

const utcDays = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeZone: "UTC" });
const utcMoments = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeStyle: "medium", timeZone: "UTC" });

/** A time of a table, which has no zone or UTC, from seconds since 1970. */
export function tableTime(seconds: number, isDay: boolean): string {
  const at = new Date(seconds * 1000);
  return Number.isNaN(at.getTime()) ? NONE : (isDay ? utcDays : utcMoments).format(at);
}

/** "5 minutes ago". */
export function ago(at: string | null | undefined): string {
  if (!at) return NONE;
  const passed = (new Date(at).getTime() - Date.now()) / 1000;
  const units: [Intl.RelativeTimeFormatUnit, number][] = [["day", 86400], ["hour", 3600], ["minute", 60]];
  for (const [unit, size] of units) if (Math.abs(passed) >= size) return relative.format(Math.round(passed / size), unit);
  return relative.format(Math.round(passed), "second");
}

/** How the browser's language writes numbers. */
export const marks = marksOf(LOCALE);

/** A number as a person types it in the browser's language; null where it is none, or where two readings fit. */
export function parseNumber(text: string): number | null {
  const read = typedNumber(text);
  return "value" in read ? read.value : null;
}

/** The same, with what is wrong where it is none. */
export function typedNumber(text: string): Read {
  return readNumber(text, marks);
}

/** A number as one would type it, with all its digits and without thousands marks. */
export function asTyped(value: number): string {
  return String(value).replace(".", marks.decimal);
}
