/** A table of predictions as it comes: its first rows, how many there are, and which rows have no answer. */

export const MOST_FIRST = 20;
export const MOST_ERRORS = 100;

const QUOTE = 0x22;
const COMMA = 0x2c;
const NEWLINE = 0x0a;
// a record longer than this is not kept to be shown; it is counted all the same
const MOST_RECORD_BYTES = 1_000_000;
const BREAKS_OFF = "the answer breaks off: ";

export interface FailedRow {
  /** From 1. */
  row: number;
  detail: string;
}

/**
 * Reads the bytes of a CSV answer (RFC 4180, lines end in \n); `tellsErrors`: its last column tells why a row has no
 * prediction.
 * Bytes are looked at one by one, and turned into text only where a person sees it, so that a gigabyte takes seconds.
 */
export class AnswerReader {
  header: string[] = [];
  readonly first: string[][] = [];
  readonly errors: FailedRow[] = [];
  rows = 0;
  failed = 0;
  bytes = 0;

  readonly #tellsErrors: boolean;
  #isHeader = true;
  #isQuoted = false;
  #last = 0;
  #begun: Uint8Array[] = [];
  #begunBytes = 0;

  constructor(tellsErrors: boolean) {
    this.#tellsErrors = tellsErrors;
  }

  push(piece: Uint8Array): void {
    this.bytes += piece.length;
    let start = 0;
    let isQuoted = this.#isQuoted;
    let last = this.#last;
    for (let at = 0; at < piece.length; at += 1) {
      const byte = piece[at] ?? 0;
      if (byte === QUOTE) isQuoted = !isQuoted;
      else if (byte === NEWLINE && !isQuoted) {
        this.#end(piece, start, at, last);
        start = at + 1;
      }
      last = byte;
    }
    this.#isQuoted = isQuoted;
    this.#last = last;
    if (start < piece.length) this.#keep(piece.slice(start));
  }

  /** Why the answer is not whole; null where it is. To be asked once all has been pushed. */
  brokenOff(): string | null {
    const rest = this.#text(new Uint8Array(0));
    if (this.#isHeader) return "the answer is empty";
    if (rest === "" && !this.#isQuoted) return null;
    const told = rest.indexOf(BREAKS_OFF);
    return told >= 0 ? rest.slice(told + BREAKS_OFF.length).trim().replaceAll('""', '"') : "the connection was lost before its end";
  }

  #end(piece: Uint8Array, start: number, end: number, last: number): void {
    const record = () => cellsOf(this.#text(piece.subarray(start, end)));
    if (this.#isHeader) {
      this.header = record();
      this.#isHeader = false;
    } else {
      this.rows += 1;
      const isFailed = this.#tellsErrors && last !== COMMA;  // the last cell is empty where the row has an answer
      if (isFailed) this.failed += 1;
      if (this.rows <= MOST_FIRST) this.first.push(record());
      if (isFailed && this.errors.length < MOST_ERRORS) this.errors.push({ row: this.rows, detail: record().at(-1) ?? "" });
    }
    this.#begun = [];
    this.#begunBytes = 0;
  }

  #keep(rest: Uint8Array): void {
    this.#begunBytes += rest.length;
    if (this.#begunBytes <= MOST_RECORD_BYTES) this.#begun.push(rest);
  }

  #text(end: Uint8Array): string {
    const decoder = new TextDecoder();
    return this.#begun.map((part) => decoder.decode(part, { stream: true })).join("") + decoder.decode(end);
  }
}

/** The cells of a record. */
export function cellsOf(record: string): string[] {
  const cells: string[] = [];
  let cell = "";
  let isQuoted = false;
  for (let at = 0; at < record.length; at += 1) {
    const sign = record[at];
    if (sign === '"') {
      if (isQuoted && record[at + 1] === '"') {
        cell += '"';
        at += 1;
      } else isQuoted = !isQuoted;
    } else if (sign === "," && !isQuoted) {
      cells.push(cell);
      cell = "";
    } else cell += sign;
  }
  cells.push(cell);
  return cells;
}
