import { useEffect, useRef, useState } from "preact/hooks";
import { ApiProblem, asProblem } from "../../api/problem";
import { Card, Field, Notice, Waiting, Wrong } from "../../ui/parts";
import { bytes, count, percent, seconds } from "../../words/format";
import type { AnswerReader } from "./answer-reader";
import { FileResult, type Snapshot, snapshot } from "./file-result";
import { type Keeper, canStream, chooseFile, keepInBrowser } from "./keep";
import { type FileQuery, predictFile, sentAs } from "./run-file";
import type { Signature } from "./signature";

const EVERY_MILLISECONDS = 250;
// browsers keep what is to be saved later in memory first, and some of them all of it
const MOST_KEPT_BYTES = 300e6;

type Run =
  | { state: "none" }
  | { state: "running"; since: number; seen: Snapshot | null }
  | { state: "done"; seconds: number; seen: Snapshot; address: string | null; name: string }
  | { state: "stopped"; problem: ApiProblem | null; seen: Snapshot | null };

/** A file dropped, and its rows back with the predictions beside them. */
export function ByFile({ signature, onDataset }: { signature: Signature; onDataset: () => void }) {
  const [file, setFile] = useState<File | null>(null);
  const [asked, setAsked] = useState<FileQuery>({ intervals: null, contributions: false, skips: true });
  const [run, setRun] = useState<Run>({ state: "none" });
  const stopping = useRef<AbortController>(undefined);
  const isRunning = run.state === "running";
  const address = run.state === "done" ? run.address : null;
  useEffect(() => () => { if (address) URL.revokeObjectURL(address); }, [address]);
  useEffect(() => () => stopping.current?.abort(), []);
  useEffect(() => {
    if (!isRunning) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [isRunning]);

  const start = async (chosen: File, toDisk: boolean) => {
    const name = `${chosen.name.replace(/\.[^.]+(\.gz|\.zst)?$/i, "") || "rows"}-predictions.csv`;
    const stop = (stopping.current = new AbortController());
    const since = Date.now();
    let keeper: Keeper | null = null;
    let last: Snapshot | null = null;
    let next = 0;
    const tell = (reader: AnswerReader) => {
      if (Date.now() < next) return;
      next = Date.now() + EVERY_MILLISECONDS;
      last = snapshot(reader);
      setRun({ state: "running", since, seen: last });
    };
    try {
      keeper = toDisk ? await chooseFile(name) : keepInBrowser();
      if (!keeper) return;
      setRun({ state: "running", since, seen: null });
      const { reader, kept } = await predictFile(signature.reference, chosen, asked, keeper, tell, stop.signal);
      setRun({ state: "done", seconds: (Date.now() - since) / 1000, seen: snapshot(reader), address: kept ? URL.createObjectURL(kept) : null, name });
    } catch (error) {
      await keeper?.drop().catch(() => undefined);
      setRun({ state: "stopped", problem: stop.signal.aborted ? null : asProblem(error), seen: last });
    }
  };

  return (
    <div class="stack">
      <Card class="stack">
        <Drop isOff={isRunning} onFile={(chosen) => { setFile(chosen); setRun({ state: "none" }); }} />
        {file && (
          <>
            <p><strong>{file.name}</strong> <span class="quiet">{bytes(file.size)}</span></p>
            <Options signature={signature} file={file} asked={asked} onAsk={setAsked} isOff={isRunning} />
            <div class="row">
              {canStream() && <button type="button" class="button main" disabled={isRunning} onClick={() => void start(file, true)}>Predict into a file …</button>}
              <button type="button" class={`button ${canStream() ? "" : "main"}`} disabled={isRunning} onClick={() => void start(file, false)}>{canStream() ? "Predict, and save later" : "Predict"}</button>
              {isRunning && <button type="button" class="button danger" onClick={() => stopping.current?.abort()}>Stop</button>}
            </div>
            {file.size > MOST_KEPT_BYTES && (
              <Notice tone="warn">
                <p>
                  {canStream() ? "Choose “into a file”: what is saved later is kept by the browser until then, in its memory for the most part." : "Your browser keeps the whole answer until you save it, in its memory for the most part, and may refuse one that is larger than that."}
                  {" "}<button type="button" class="button plain" onClick={onDataset}>Or predict an uploaded dataset</button>: the server does that by itself, whatever its size.
                </p>
              </Notice>
            )}
          </>
        )}
      </Card>
      {run.state === "running" && (
        <Card class="stack">
          <Waiting>{run.seen ? `${count(run.seen.rows)} rows are back, ${bytes(run.seen.bytes)}, after ${seconds((Date.now() - run.since) / 1000)} …` : `Sending ${bytes(file?.size)} …`}</Waiting>
          {run.seen && <FileResult seen={run.seen} />}
        </Card>
      )}
      {run.state === "stopped" && (
        <Card class="stack">
          {run.problem ? <Wrong problem={run.problem} /> : <Notice><p>You stopped it. Nothing was saved.</p></Notice>}
          {run.problem && run.seen && <p class="quiet small">{count(run.seen.rows)} rows had come; nothing of them was saved.</p>}
        </Card>
      )}
      {run.state === "done" && (
        <Card title="Predictions" class="stack">
          <p role="status">{count(run.seen.rows)} rows in {seconds(run.seconds)}{run.seen.failed > 0 && <>; <strong>{count(run.seen.failed)} without a prediction</strong>, with the reason in the column “{run.seen.header.at(-1)}”</>}. {run.address === null && "They are in the file that you chose."}</p>
          {run.address !== null && <div><a class="button main" href={run.address} download={run.name}>Save {run.name} ({bytes(run.seen.bytes)})</a></div>}
          <FileResult seen={run.seen} />
        </Card>
      )}
    </div>
  );
}

function Drop({ isOff, onFile }: { isOff: boolean; onFile: (file: File) => void }) {
  const [isOver, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  return (
    <div
      class={`drop ${isOver && !isOff ? "over" : ""}`}
      onDragOver={(event) => { event.preventDefault(); setOver(true); }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        const dropped = event.dataTransfer?.files[0];
        if (dropped && !isOff) onFile(dropped);
      }}
    >
      <p>Drop a file with a column for each feature: CSV, JSON lines, Arrow or Parquet, also as .gz or .zst, of any size.</p>
      <input
        ref={input}
        class="visually-hidden"
        type="file"
        tabIndex={-1}
        aria-label="File with rows to predict"
        accept=".csv,.tsv,.txt,.parquet,.ndjson,.jsonl,.arrow,.arrows,.gz,.zst"
        disabled={isOff}
        onChange={(event) => {
          const chosen = event.currentTarget.files?.[0];
          event.currentTarget.value = "";  // the same file may be chosen again once it was changed
          if (chosen) onFile(chosen);
        }}
      />
      <button type="button" class="button" disabled={isOff} onClick={() => input.current?.click()}>Choose a file</button>
      <p class="small quiet">It is sent to this server for the predictions, and is not kept there.</p>
    </div>
  );
}

const LEVELS = [0.8, 0.9, 0.95, 0.99];

function Options({ signature, file, asked, onAsk, isOff }: { signature: Signature; file: File; asked: FileQuery; onAsk: (asked: FileQuery) => void; isOff: boolean }) {
  const isText = sentAs(file.name).mediaType === "text/csv";
  const isClasses = signature.task !== null && signature.task !== "regression";
  return (
    <fieldset class="stack" disabled={isOff}>
      <legend class="visually-hidden">Options</legend>
      <div class="row">
        {!isClasses && signature.calibrationRows !== 0 && (
          <Field label="Intervals">
            {(ids) => (
              <select {...ids} value={String(asked.intervals ?? "")} onChange={(event) => onAsk({ ...asked, intervals: Number(event.currentTarget.value) || null })}>
                <option value="">none</option>
                {LEVELS.map((level) => <option key={level} value={String(level)}>{percent(level)}</option>)}
              </select>
            )}
          </Field>
        )}
        {signature.isLinear !== false && <label class="check"><input type="checkbox" checked={asked.contributions} onChange={(event) => onAsk({ ...asked, contributions: event.currentTarget.checked })} />What each feature adds</label>}
        <label class="check"><input type="checkbox" checked={asked.skips} onChange={(event) => onAsk({ ...asked, skips: event.currentTarget.checked })} />Go on where a row cannot be read, and say why</label>
      </div>
      {isText && (
        <details>
          <summary>How the file is read</summary>
          <p class="small quiet">Like the table that the model was trained on, unless you say otherwise.</p>
          <div class="row">
            <Field label="Delimiter">{(ids) => <input {...ids} size={6} placeholder="found" value={asked.delimiter ?? ""} onInput={(event) => onAsk({ ...asked, delimiter: event.currentTarget.value })} />}</Field>
            <Field label="Encoding">{(ids) => <input {...ids} size={14} placeholder="found" value={asked.encoding ?? ""} onInput={(event) => onAsk({ ...asked, encoding: event.currentTarget.value })} />}</Field>
            <Field label="Decimal mark">
              {(ids) => (
                <select {...ids} value={asked.decimal ?? ""} onChange={(event) => onAsk({ ...without(asked, "decimal"), ...(event.currentTarget.value === "." || event.currentTarget.value === "," ? { decimal: event.currentTarget.value } : {}) })}>
                  <option value="">as in training</option>
                  <option value=".">point</option>
                  <option value=",">comma</option>
                </select>
              )}
            </Field>
            <Field label="First line">
              {(ids) => (
                <select {...ids} value={asked.header === undefined ? "" : String(asked.header)} onChange={(event) => onAsk({ ...without(asked, "header"), ...(event.currentTarget.value ? { header: event.currentTarget.value === "true" } : {}) })}>
                  <option value="">found</option>
                  <option value="true">names of columns</option>
                  <option value="false">a row</option>
                </select>
              )}
            </Field>
          </div>
        </details>
      )}
    </fieldset>
  );
}

function without(asked: FileQuery, name: "decimal" | "header"): FileQuery {
  const { [name]: _, ...rest } = asked;
  return rest;
}
