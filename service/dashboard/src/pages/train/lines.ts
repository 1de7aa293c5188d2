import type { Draft } from "../../ui/form/draft.ts";
import type { Json } from "../../ui/form/schema.ts";

/** The same request as a line of curl; the key, where one is needed, comes from the environment. */
export function curlOf(origin: string, draft: Draft, hasKey: boolean): string {
  const key = hasKey ? ' \\\n  -H "Authorization: Bearer $ADALINE_KEY"' : "";
  return `curl -X POST ${quoted(`${origin}/v1/jobs`)} \\\n  -H 'Content-Type: application/json'${key} \\\n  -d ${quoted(JSON.stringify(draft))}`;
}

/** A word of a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replace(/'/g, "'\\''")}'`;
}

const KEYWORDS = new Set("False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield".split(" "));

/** The same by the Python client, which takes the key from ADALINE_KEY too. */
export function pythonOf(origin: string, draft: Draft): string {
  const { dataset, kind, ...rest } = draft;
  const isComparison = kind === "descent-comparison";
  const plain = Object.entries(rest).filter(([name]) => isName(name));
  const odd = Object.fromEntries(Object.entries(rest).filter(([name]) => !isName(name)));
  const lines = [python(dataset ?? ""), ...plain.map(([name, value]) => `${name}=${python(value)}`)];
  if (Object.keys(odd).length > 0) lines.push(`**${python(odd)}`);
  const call = `${isComparison ? "client.compare" : "client.train"}(\n${lines.map((line) => `    ${line},\n`).join("")})`;
  const made = isComparison ? `comparison = ${call}\nprint(comparison["sentence"])` : `version = ${call}\nprint(version.ref, version.metrics)`;
  return `from service.client import Client\n\nclient = Client(${python(origin)})\n${made}\n`;
}

function isName(name: string): boolean {
  return /^[A-Za-z_]\w*$/.test(name) && !KEYWORDS.has(name);
}

/** JSON as Python writes it. */
export function python(value: Json): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return `[${value.map(python).join(", ")}]`;
  if (typeof value === "object") return `{${Object.entries(value).map(([name, one]) => `${JSON.stringify(name)}: ${python(one)}`).join(", ")}}`;
  return JSON.stringify(value);
}
