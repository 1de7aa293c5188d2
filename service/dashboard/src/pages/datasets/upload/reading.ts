/** How a file is to be read: what a person declares of it, and how that is sent. */

/** What was declared; "" and null where the server is to find it by looking. */
export interface Reading {
  delimiter: string;
  encoding: string;
  header: "" | "true" | "false";
  decimal: "" | "." | ",";
  /** Words that mark a missing cell, instead of the usual ones. */
  missing: readonly string[] | null;
  /** Kinds by column; a map, since a column may be called __proto__. */
  kinds: ReadonlyMap<string, string>;
}

export const AS_FOUND: Reading = { delimiter: "", encoding: "", header: "", decimal: "", missing: null, kinds: new Map() };

/** What can be chosen as the kind of a column, with the words for it. */
export const KINDS = [
  { kind: "numeric", words: "numeric" },
  { kind: "boolean", words: "boolean" },
  { kind: "categorical", words: "categorical" },
  { kind: "datetime", words: "datetime" },
  { kind: "datetime:dmy", words: "datetime, day first" },
  { kind: "datetime:mdy", words: "datetime, month first" },
  { kind: "datetime:ymd", words: "datetime, year first" },
  { kind: "text", words: "text (not learnt from)" },
] as const;

export const PARQUET = "application/vnd.apache.parquet";
const CSV = "text/csv";
const PACKED: Record<string, string> = { gz: "gzip", zst: "zstd" };
const MOST_NAME = 200;
export const PREVIEW_BYTES = 1024 * 1024; // what the server looks at
const ROOM = 64 * 1024; // so that it sees that the file goes on
const MOST_QUERY = 4000; // characters; more goes as fields of a form

/** What a file is by its name: its type, how it is packed, and what a dataset made of it is called. */
export interface Told {
  name: string;
  mediaType: string;
  packed: string;
}

export function toldOf(fileName: string): Told {
  const ending = /\.(gz|zst)$/i.exec(fileName)?.[1]?.toLowerCase();
  const plain = ending ? fileName.slice(0, -ending.length - 1) : fileName;
  const mediaType = /\.(parquet|pq)$/i.test(plain) ? PARQUET : CSV;
  return { name: nameOf(plain), mediaType, packed: (ending && PACKED[ending]) || "" };
}

/** A name that a dataset can have. */
function nameOf(text: string): string {
  const printable = [...text].filter((letter) => !/[\u0000-\u001f\u007f]/.test(letter));
  return printable.slice(0, MOST_NAME).join("").trim() || "dataset";
}

/** What is wrong with a name; empty where nothing is. */
export function wrongName(name: string): string {
  if (!name.trim()) return "Give the dataset a name";
  if (/[\u0000-\u001f\u007f]/.test(name)) return "A name has no tabs and no line breaks";
  return [...name].length > MOST_NAME ? `A name has at most ${MOST_NAME} characters` : "";
}

/** The declared options by their names in the API; a Parquet file describes itself but for kinds. */
export function optionsOf(reading: Reading, mediaType: string): Map<string, string> {
  const options = new Map<string, string>();
  if (mediaType !== PARQUET) {
    for (const name of ["delimiter", "encoding", "header", "decimal"] as const) if (reading[name]) options.set(name, reading[name]);
    if (reading.missing) options.set("null_values", JSON.stringify(reading.missing));
  }
  if (reading.kinds.size) options.set("types", JSON.stringify(Object.fromEntries(reading.kinds)));
  return options;
}

export interface Body {
  query: URLSearchParams;
  body: Blob | FormData;
  headers: Record<string, string>;
}

/** A file, or its first part, with how it is to be read: as the body of a request, or as a form where so many kinds were
 * declared that a query cannot hold them. */
export function bodyOf(part: Blob, { name, mediaType, packed }: Told, options: ReadonlyMap<string, string>): Body {
  const query = new URLSearchParams([...options]);
  if (query.toString().length <= MOST_QUERY) {
    return { query, body: part, headers: { "Content-Type": mediaType, ...(packed ? { "Content-Encoding": packed } : {}) } };
  }
  const form = new FormData();
  for (const [key, value] of options) form.append(key, value);
  const ending = Object.keys(PACKED).find((one) => PACKED[one] === packed);
  form.append("file", new File([part], ending ? `${name}.${ending}` : name, { type: mediaType }));
  return { query: new URLSearchParams(), body: form, headers: {} };
}

/** As much of a file as a preview looks at: its first part; of a Parquet file its end, which describes the columns. A slice
 * is a reference: nothing is read here. */
export function partOf(file: Blob, mediaType: string): Blob {
  if (mediaType !== PARQUET) return file.slice(0, PREVIEW_BYTES + ROOM);
  return file.size > PREVIEW_BYTES ? file.slice(-PREVIEW_BYTES) : file;
}

/** Whether a file can be previewed: the end of a compressed one cannot be read by itself. */
export function hasPreview(size: number, { mediaType, packed }: Told): boolean {
  return mediaType !== PARQUET || !packed || size <= PREVIEW_BYTES;
}
