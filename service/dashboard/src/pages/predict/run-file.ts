import { api } from "../../api/client";
import { ApiProblem } from "../../api/problem";
import { AnswerReader } from "./answer-reader";
import type { Keeper } from "./keep";
import type { Wanted } from "./ask";

export interface FileQuery extends Wanted {
  delimiter?: string;
  encoding?: string;
  decimal?: "." | ",";
  header?: boolean;
  /** A row that cannot be read is answered without a prediction; else it ends the whole. */
  skips: boolean;
}

const MEDIA_TYPES: [RegExp, string][] = [
  [/\.parquet$/i, "application/vnd.apache.parquet"],
  [/\.(?:arrows|arrow)$/i, "application/vnd.apache.arrow.stream"],
  [/\.(?:ndjson|jsonl)$/i, "application/x-ndjson"],
];
const PACKED: [RegExp, string][] = [
  [/\.gz$/i, "gzip"],
  [/\.zst$/i, "zstd"],
];

/** How a file is sent, by its name: its media type, and how it is compressed. */
export function sentAs(name: string): { mediaType: string; encoding: string | null } {
  const packed = PACKED.find(([ending]) => ending.test(name));
  const plain = packed ? name.replace(packed[0], "") : name;
  return { mediaType: MEDIA_TYPES.find(([ending]) => ending.test(plain))?.[1] ?? "text/csv", encoding: packed?.[1] ?? null };
}

const LOOKED_AT_BYTES = 256 * 1024;
const LARGE_BYTES = 4 * 1024 * 1024;
const NEWLINE = 0x0a;

/**
 * The first lines of a large CSV; null where all of the file may as well be sent. What is wrong with its columns is then told
 * at once: a server that refuses a body of which most is still to come cannot be heard by a browser, which sends it all first.
 */
async function firstLines(file: File): Promise<Blob | null> {
  const { mediaType, encoding } = sentAs(file.name);
  if (mediaType !== "text/csv" || encoding !== null || file.size <= LARGE_BYTES) return null;
  const looked = new Uint8Array(await file.slice(0, LOOKED_AT_BYTES).arrayBuffer());
  const end = looked.lastIndexOf(NEWLINE) + 1;
  return end > looked.indexOf(NEWLINE) + 1 ? file.slice(0, end) : null;
}

/**
 * Send a file, and keep the table that comes back. The browser reads the file from the disk as it is sent, and the answer
 * goes to `keeper` as it comes: neither is in memory as a whole. `tell` is called while rows come. Throws ApiProblem.
 */
export async function predictFile(
  reference: string, file: File, asked: FileQuery, keeper: Keeper, tell: (reader: AnswerReader) => void, signal: AbortSignal,
): Promise<{ reader: AnswerReader; kept: Blob | null }> {
  const { mediaType, encoding } = sentAs(file.name);
  const isText = mediaType === "text/csv";
  const query = {
    echo: true,
    flags: true,
    ...(asked.intervals === null ? {} : { intervals: asked.intervals }),
    ...(asked.contributions ? { contributions: true } : {}),
    ...(isText && asked.delimiter ? { delimiter: asked.delimiter } : {}),
    ...(isText && asked.encoding ? { encoding: asked.encoding } : {}),
    ...(isText && asked.decimal ? { decimal: asked.decimal } : {}),
    ...(isText && asked.header !== undefined ? { header: asked.header } : {}),
  };
  const send = (body: Blob, on_error: "fail" | "null") =>
    api.POST("/v1/models/{ref}/predict", {
      params: { path: { ref: reference }, query: { ...query, on_error } },
      headers: { "Content-Type": mediaType, Accept: "text/csv", ...(encoding ? { "Content-Encoding": encoding } : {}) },
      body: "",  // the document says "text"; what is sent is the file itself
      bodySerializer: () => body,
      parseAs: "stream",
      signal,
    });
  const looked = await firstLines(file);
  if (looked) await (await send(looked, "null")).data?.cancel();
  const { data } = await send(file, asked.skips ? "null" : "fail");
  const reader = new AnswerReader(asked.skips);
  if (!data) throw new Error("the answer has no body");
  const taken = data.getReader();
  for (;;) {
    const { done, value } = await taken.read();
    if (done) break;
    reader.push(value);
    await keeper.write(value);
    tell(reader);
  }
  const broken = reader.brokenOff();
  if (broken !== null) throw new ApiProblem({ status: 0, code: "broken_off", title: "The answer is not whole", detail: broken, errors: [] });
  return { reader, kept: await keeper.close() };
}
