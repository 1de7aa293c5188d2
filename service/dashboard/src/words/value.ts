/** A value of JSON as a person reads it: text as it is, the rest as JSON. */
export function told(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}
