/** Numbers as a person types them in a language: its decimal and thousands marks, and a refusal where two readings fit. */

export type Read = { value: number } | { wrong: string };

/** How a language writes numbers. */
export interface Marks {
  decimal: string;
  group: string;
  /** Its digits from 0 to 9, where they are others than those of ASCII. */
  digits: string[];
}

export function marksOf(locale: string | string[] | undefined): Marks {
  const parts = new Intl.NumberFormat(locale, { useGrouping: true, minimumFractionDigits: 1 }).formatToParts(1234567.5);
  const plain = new Intl.NumberFormat(locale, { useGrouping: false });
  return {
    decimal: parts.find((part) => part.type === "decimal")?.value ?? ".",
    group: parts.find((part) => part.type === "group")?.value ?? ",",
    digits: [..."0123456789"].map((_, digit) => plain.format(digit)),
  };
}

// blanks and apostrophes stand between thousands in some languages, and for nothing else in any
const BETWEEN = /(\d)[\s\u00a0\u202f'’](?=\d)/g;
// 1,234,567 and 12,34,567
const GROUPS = [/^\d{1,3}(?:,\d{3})+$/, /^\d{1,2}(?:,\d{2})*,\d{3}$/];

/** The number that a text says, or why it says none. A point is a decimal mark in every language, unless thousands fit too. */
export function readNumber(text: string, marks: Marks): Read {
  const typed = inAscii(text.trim(), marks.digits).replace(/[−–]/g, "-");
  if (typed === "") return { wrong: "type a number" };
  const [, sign = "", body = "", exponent = ""] = /^([+-]?)(.*?)(e[+-]?\d+)?$/is.exec(typed) ?? [];
  const digits = withoutMarks(ungrouped(body), marks);
  if (typeof digits !== "string") return digits;
  const value = Number(sign + digits + exponent);
  return Number.isFinite(value) ? { value } : { wrong: "this is larger than a number can be" };
}

function inAscii(text: string, digits: string[]): string {
  return digits[0] === "0" ? text : [...text].map((sign) => (digits.includes(sign) ? String(digits.indexOf(sign)) : sign)).join("");
}

/** Without blanks and apostrophes between thousands; as it is where they stand elsewhere. */
function ungrouped(body: string): string {
  const whole = body.split(/[.,٫]/)[0] ?? "";
  const groups = whole.split(/[\s\u00a0\u202f'’]/);
  const fits = groups.length > 1 && groups.every((group, at) => (at === 0 ? /^\d{1,3}$/ : /^\d{3}$/).test(group));
  return fits ? body.replace(BETWEEN, "$1") : body;
}

/** The digits with a point as the decimal mark. */
function withoutMarks(body: string, { decimal, group }: Marks): string | { wrong: string } {
  const isPlain = (text: string, mark: string) => text.split(mark).length === 2 && /^(?:\d+\d*|\d*\d+)$/.test(text.replace(mark, ""));
  if (/^\d+$/.test(body)) return body;
  const [whole = "", fraction = "", ...more] = body.split(decimal);
  const isGrouped = (text: string) => GROUPS.some((form) => form.test(text.replaceAll(group, ",")) && !(group !== "," && text.includes(",")));
  // a point in a language that groups by points
  if (decimal !== "." && isPlain(body, ".")) {
    if (group === "." && isGrouped(body) && !body.startsWith("0")) {
      const [left = "", right = ""] = body.split(".");
      return { wrong: `this may be ${left}${right} or ${left}${decimal}${right}: write one of them` };
    }
    return body;
  }
  if (isPlain(body, decimal)) return `${whole || "0"}.${fraction || "0"}`;
  const isNumber = more.length === 0 && /^\d*$/.test(fraction) && isGrouped(whole) && !whole.startsWith("0");
  if (isNumber) return `${whole.replaceAll(group, "")}.${fraction || "0"}`;
  if (decimal === "." && isPlain(body, ",")) return { wrong: `a comma is no decimal mark in your browser's language: write ${body.replace(",", ".")}` };
  return { wrong: "this is not a number" };
}
