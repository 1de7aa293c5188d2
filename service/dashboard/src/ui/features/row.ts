/** What was typed as a row to predict: a cell for each feature, or what is wrong with it. */
import { type Marks, readNumber } from "../../words/number.ts";
import type { FeatureField, Typed } from "./fields.ts";

export type Cell = number | string | boolean | null;
export type TypedRow = Readonly<Record<string, Typed>>;

export interface ReadRow {
  /** null where something is wrong. */
  record: Record<string, Cell> | null;
  wrong: Record<string, string>;
  /** Fields that nothing is in yet: they are not wrong, but there is no row without them. */
  blank: string[];
}

export const BLANK: Typed = { text: "", isMissing: false };

/** What is typed in a field, also where it has a name that every object has. */
export function typedIn(row: TypedRow, name: string): Typed {
  return Object.hasOwn(row, name) ? (row[name] ?? BLANK) : BLANK;
}

/** A usual row. */
export function usualRow(fields: readonly FeatureField[], marks: Marks): TypedRow {
  return rowOf(fields, (field) => ({ text: field.kind === "numeric" ? field.usual.replace(".", marks.decimal) : field.usual, isMissing: false }));
}

export function blankRow(fields: readonly FeatureField[]): TypedRow {
  return rowOf(fields, () => BLANK);
}

/** The row with one field changed. */
export function withTyped(row: TypedRow, name: string, typed: Typed): TypedRow {
  return Object.assign(empty<Typed>(), row, { [name]: typed });
}

export function readRow(fields: readonly FeatureField[], row: TypedRow, marks: Marks): ReadRow {
  const record = empty<Cell>();
  const wrong = empty<string>();
  const blank: string[] = [];
  for (const field of fields) {
    const typed = typedIn(row, field.name);
    if (typed.isMissing) record[field.name] = null;
    else if (typed.text.trim() === "") blank.push(field.name);
    else {
      const read = cellOf(field, typed.text, marks);
      if ("wrong" in read) wrong[field.name] = read.wrong;
      else record[field.name] = read.cell;
    }
  }
  return { record: blank.length || Object.keys(wrong).length ? null : record, wrong, blank };
}

function cellOf(field: FeatureField, text: string, marks: Marks): { cell: Cell } | { wrong: string } {
  if (field.kind === "boolean") return { cell: text === "true" };
  if (field.kind !== "numeric") return { cell: text };
  const read = readNumber(text, marks);
  return "value" in read ? { cell: read.value } : read;
}

/** An object without a prototype: "__proto__" and "constructor" are names of columns like any other. */
function empty<Value>(): Record<string, Value> {
  const made: Record<string, Value> = Object.create(null);
  return made;
}

function rowOf(fields: readonly FeatureField[], typed: (field: FeatureField) => Typed): TypedRow {
  const row = empty<Typed>();
  for (const field of fields) row[field.name] = typed(field);
  return row;
}

/** Whether a value is beyond what the model was trained on, as the form knows it before the answer says so. */
export function isBeyond(field: FeatureField, cell: Cell | undefined): boolean {
  return field.kind === "numeric" && typeof cell === "number" && field.low !== null && field.high !== null && (cell < field.low || cell > field.high);
}
