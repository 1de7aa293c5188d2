/** The notes of a preview as questions: what the server saw, what only a person knows, and what each answer changes. */
import type { Reading } from "./reading";

export type Change =
  | { of: "kind"; to: string } // of the question's columns
  | { of: "missing"; words: readonly string[] } // mark a missing cell as well
  | { of: "value"; word: string } // is no mark of a missing cell
  | { of: "header"; to: "true" | "false" }
  | { of: "decimal"; to: "." | "," };

export interface Answer {
  label: string;
  /** null: it stays as it was read. */
  change: Change | null;
}

export interface Question {
  id: string;
  columns: string[];
  /** What was seen. */
  told: string;
  ask: string;
  answers: Answer[];
}

type Asked = Omit<Question, "id" | "columns">;
const STAY = null;

/** In this order; the first pattern that fits a note asks. */
const RULES: [RegExp, (found: string[], missing: readonly string[]) => Asked | null][] = [
  [
    /^(.*): declare null_values=(\[.*\]) if that marks a missing cell$/s,
    ([, told = "", list = ""], missing) => oddCells(told, words(list).filter((word) => !missing.includes(word))),
  ],
  [/^(.*): write them as (numbers|2026-01-31), or leave them empty/s, ([, told = ""]) => manyOddCells(told)],
  [/^((".*") is read as missing in .*); if it is a value, declare null_values=\[.*\]$/s, ([, told = "", shown = ""]) => missingWord(told, shown)],
  [/^read as missing: .* cells$/s, ([told = ""]) => ({
    told,
    ask: "Are those cells missing?",
    answers: [{ label: "Yes, missing", change: STAY }, { label: "No, read the column as categories", change: { of: "kind", to: "categorical" } }],
  })],
  [/^(.*); declare the column numeric if they are quantities$/s, ([, told = ""]) => ({
    told,
    ask: "Are they quantities to calculate with?",
    answers: [{ label: "Yes, read them as numbers", change: { of: "kind", to: "numeric" } }, { label: "No, they are codes", change: STAY }],
  })],
  [/^(.*); declare the column boolean if they mean false and true$/s, ([, told = ""]) => ({
    told,
    ask: "Do they mean false and true?",
    answers: [{ label: "Yes, false and true", change: { of: "kind", to: "boolean" } }, { label: "No, they are categories", change: STAY }],
  })],
  [/^(.*): declare their order with types, as /s, ([, told = ""]) => ({
    told,
    ask: "In which order are day, month and year?",
    answers: [
      { label: "Day first: 31.12.2026", change: { of: "kind", to: "datetime:dmy" } },
      { label: "Month first: 12/31/2026", change: { of: "kind", to: "datetime:mdy" } },
      { label: "Year first: 26-12-31", change: { of: "kind", to: "datetime:ymd" } },
      { label: "They are no dates", change: STAY },
    ],
  })],
  [/^(.*); declare the decimal mark/s, ([, told = ""]) => ({
    told,
    ask: "Which mark stands before the decimals, in the whole file?",
    answers: [
      { label: "A comma: 1.234,5", change: { of: "decimal", to: "," } },
      { label: "A point: 1,234.5", change: { of: "decimal", to: "." } },
      { label: "They are no single numbers", change: STAY },
    ],
  })],
  [/^the first line looks like those below it/, () => ({
    told: "the first line looks like those below it, so it is read as a row, and the columns are numbered",
    ask: "Is the first line a header?",
    answers: [{ label: "Yes, it holds the names", change: { of: "header", to: "true" } }, { label: "No, it is a row", change: { of: "header", to: "false" } }],
  })],
  [/^the column names are numbers/, () => ({
    told: "the column names are numbers, like the cells below them",
    ask: "Is the first line a header?",
    answers: [{ label: "Yes, it holds the names", change: { of: "header", to: "true" } }, { label: "No, it is a row", change: { of: "header", to: "false" } }],
  })],
  [/^(its whole numbers look like row numbers, so nothing is learnt from it);/, ([, told = ""]) => ({
    told,
    ask: "Do they only count the rows?",
    answers: [{ label: "Yes, leave them out", change: STAY }, { label: "No, they are quantities", change: { of: "kind", to: "numeric" } }],
  })],
];

/** What a note asks; null for one that only tells. `missing` are the words that mark a missing cell at present. */
export function questionOf(note: string, missing: readonly string[]): Asked | null {
  for (const [pattern, ask] of RULES) {
    const found = pattern.exec(note);
    if (found) return ask([...found], missing);
  }
  return null;
}

/** The questions of all columns; those that are the same are asked once. */
export function questionsOf(columns: readonly { name: string; notes: readonly string[] }[], missing: readonly string[]): Question[] {
  const asked = new Map<string, Question>();
  for (const { name, notes } of columns) {
    for (const note of notes) {
      const question = questionOf(note, missing);
      if (!question) continue;
      const same = asked.get(note);
      if (same) same.columns.push(name);
      else asked.set(note, { ...question, id: note, columns: [name] });
    }
  }
  return [...asked.values()];
}

/** The questions at present, and those of before about a word that still marks a missing cell: of these the server tells
 * only while nobody has declared such words. `names` are the columns at present. */
export function kept(before: readonly Question[], now: readonly Question[], names: readonly string[], missing: readonly string[]): Question[] {
  const asked = new Set(now.map(({ id }) => id));
  const there = new Set(names);
  const open = ({ answers }: Question) => answers.some(({ change }) => change?.of === "value" && missing.includes(change.word));
  return [...now, ...before.filter((one) => !asked.has(one.id) && open(one) && one.columns.every((name) => there.has(name)))];
}

/** The notes of a column that ask nothing. */
export function statementsOf(notes: readonly string[], missing: readonly string[]): string[] {
  return notes.filter((note) => !questionOf(note, missing));
}

/** How the file is read after an answer; `missing` are the words for a missing cell at present. */
export function answered(reading: Reading, question: Question, change: Change | null, missing: readonly string[]): Reading {
  if (!change) return reading;
  const marks = reading.missing ?? missing.filter((word) => word !== "");
  switch (change.of) {
    case "kind":
      return { ...reading, kinds: new Map([...reading.kinds, ...question.columns.map((name) => [name, change.to] as const)]) };
    case "missing":
      return { ...reading, missing: [...new Set([...marks, ...change.words])] };
    case "value":
      return { ...reading, missing: marks.filter((word) => word !== change.word) };
    case "header":
      return { ...reading, header: change.to, kinds: new Map() }; // the columns have other names then
    case "decimal":
      return { ...reading, decimal: change.to };
  }
}

/** Why an answer cannot be given; empty where it can. */
export function closedBy(change: Change | null, delimiter: string): string {
  return change?.of === "decimal" && change.to === delimiter ? "it stands between the cells of this file" : "";
}

/** `odd` are the cells that might mark a missing one. */
function oddCells(told: string, odd: string[]): Asked | null {
  if (!odd.length) return null;
  const one = odd.length === 1;
  const answers: Answer[] = [{ label: one ? "Yes, missing" : "Yes, all of them", change: { of: "missing", words: odd } }];
  if (!one) for (const word of odd) answers.push({ label: `Only “${word}”`, change: { of: "missing", words: [word] } });
  return { told, ask: one ? "Does that mark a missing cell?" : "Do these mark missing cells?", answers: [...answers, ...otherwise(told)] };
}

function manyOddCells(told: string): Asked {
  return { told, ask: "How is the column to be read?", answers: otherwise(told) };
}

/** What else can be made of a column with odd cells. */
function otherwise(told: string): Answer[] {
  const kind = /cells are times/.test(told) ? "datetime" : "numeric";
  const noun = kind === "datetime" ? "dates" : "numbers";
  if (isRejected(told)) {
    return [{ label: "No, reject those rows", change: STAY }, { label: "Keep the rows: read the column as categories", change: { of: "kind", to: "categorical" } }];
  }
  return [{ label: "No, keep the column as words", change: STAY }, { label: `Read it as ${noun}, and reject the other rows`, change: { of: "kind", to: kind } }];
}

const isRejected = (told: string) => /(its row is|their rows are) rejected$/.test(told);

function missingWord(told: string, shown: string): Asked {
  return {
    told,
    ask: "Is the cell missing, or is this a value?",
    answers: [{ label: "Missing", change: STAY }, { label: `${shown} is a value`, change: { of: "value", word: shown.slice(1, -1) } }],
  };
}

/** The words of a list as the API writes it. */
function words(list: string): string[] {
  try {
    const read: unknown = JSON.parse(list);
    return Array.isArray(read) ? read.filter((word) => typeof word === "string") : [];
  } catch {
    return [];
  }
}
