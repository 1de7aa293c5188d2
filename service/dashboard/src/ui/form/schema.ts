/** The fields of a JSON schema of openapi.yaml (JSON Schema 2020-12, as the API writes it), as a form shows them. */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

export interface JsonSchema {
  $ref?: string;
  type?: string | string[];
  enum?: Json[];
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  description?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  maxLength?: number;
}
export type Schemas = Record<string, JsonSchema>;

/** The ends of a range; what it leaves out is `above` and `below`. */
export interface Bounds {
  minimum?: number;
  above?: number;
  maximum?: number;
  below?: number;
}

/** One thing that a field may be. */
export type Way =
  | { is: "word"; value: Json }
  | ({ is: "number"; isWhole: boolean } & Bounds)
  | { is: "text"; most?: number }
  | { is: "list"; of: "number" | "text" }
  | { is: "object"; fields: FormField[] }
  | { is: "json" };

export interface FormField {
  name: string;
  ways: Way[];
  /** what it is for, without its default and what each word means */
  about: string;
  /** what each word means, where the description says so */
  meanings: Record<string, string>;
  /** what it is when it is left out; undefined where the schema does not say */
  preset: Json | undefined;
}

/** The fields of an object's schema, in its order; `without` are left to others. A field that is new here appears by itself. */
export function fieldsOf(schema: JsonSchema, all: Schemas, without: readonly string[] = []): FormField[] {
  return Object.entries(resolved(schema, all).properties ?? {})
    .filter(([name]) => !without.includes(name))
    .map(([name, one]) => fieldOf(name, one, all));
}

function fieldOf(name: string, schema: JsonSchema, all: Schemas): FormField {
  const ways = waysOf(schema, all);
  const words = ways.flatMap((way) => (way.is === "word" && typeof way.value === "string" ? [way.value] : [])).concat("null");
  return { name, ways, ...told(schema.description ?? "", words) };
}

function resolved(schema: JsonSchema, all: Schemas): JsonSchema {
  const name = schema.$ref?.split("/").pop();
  return name === undefined ? schema : (all[name] ?? {});
}

/** Everything that a schema allows, each once. What no form can show is written as JSON. */
function waysOf(given: JsonSchema, all: Schemas): Way[] {
  const schema = resolved(given, all);
  const either = schema.anyOf ?? schema.oneOf;
  if (either) return either.flatMap((one) => waysOf(one, all));
  if (schema.enum) return schema.enum.map((value) => ({ is: "word", value }));
  const types = Array.isArray(schema.type) ? schema.type : [schema.type ?? "any"];
  return types.flatMap((type) => ofType(type, schema, all)).sort((one, other) => Number(one.is !== "word") - Number(other.is !== "word"));
}

function ofType(type: string, schema: JsonSchema, all: Schemas): Way[] {
  const { maxLength } = schema;
  switch (type) {
    case "null":
      return [{ is: "word", value: null }];
    case "boolean":
      return [{ is: "word", value: true }, { is: "word", value: false }];
    case "number":
    case "integer":
      return [{ is: "number", isWhole: type === "integer", ...boundsOf(schema) }];
    case "string":
      return [{ is: "text", ...(maxLength === undefined ? {} : { most: maxLength }) }];
    case "array": {
      const items = resolved(schema.items ?? {}, all);
      if (items.type === "integer" || items.type === "number") return [{ is: "list", of: "number" }];
      return items.type === "string" ? [{ is: "list", of: "text" }] : [{ is: "json" }];
    }
    case "object":
      return schema.properties ? [{ is: "object", fields: fieldsOf(schema, all) }] : [{ is: "json" }];
    default:
      return [{ is: "json" }];
  }
}

function boundsOf({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonSchema): Bounds {
  const all = { minimum, above: exclusiveMinimum, maximum, below: exclusiveMaximum };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** A description taken apart: "mean: the mean; drop: the row is left out; default: "mean"". */
export function told(description: string, words: string[]): Pick<FormField, "about" | "meanings" | "preset"> {
  const [text, preset] = withoutDefault(description);
  const meanings: Record<string, string> = {};
  const starts: { word: string; at: number; end: number }[] = [];
  for (const word of words) {
    const found = new RegExp(`(^|; |\\. )${word.replace(/[^\w]/g, "\\$&")}: `).exec(text);
    if (found) starts.push({ word, at: found.index + (found[1] ?? "").length, end: found.index + found[0].length });
  }
  starts.sort((one, other) => one.at - other.at);
  starts.forEach(({ word, end }, which) => {
    meanings[word] = text.slice(end, starts[which + 1]?.at).replace(/[;. ]+$/, "");
  });
  const about = text.slice(0, starts[0]?.at).replace(/[;:. ]+$/, "");
  return { about, meanings, preset };
}

function withoutDefault(description: string): [string, Json | undefined] {
  const found = /(^|; )default: (.*)$/s.exec(description);
  if (!found) return [description, undefined];
  try {
    return [description.slice(0, found.index), JSON.parse(found[2] ?? "") as Json];
  } catch {
    return [description, undefined];
  }
}

/** "learning_rate" as a person reads it. */
export function label(name: string): string {
  const words = name.replace(/_/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
