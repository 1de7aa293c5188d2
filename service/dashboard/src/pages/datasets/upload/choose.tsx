import { useEffect, useRef, useState } from "preact/hooks";
import { Card, Field, Notice } from "../../../ui/parts";
import { count, counted } from "../../../words/format";
import { choose } from "./draft";
import { delimiterOf, fileOf, sizeOf } from "./pasted";

const TAKEN = ".csv,.tsv,.txt,.tab,.dat,.gz,.zst,.parquet,.pq,text/csv,text/tab-separated-values";

/** Where a table comes from: a file that is dropped or chosen, or cells that are pasted. */
export function Choose() {
  const input = useRef<HTMLInputElement>(null);
  const [isOver, setOver] = useState(false);
  const [wrong, setWrong] = useState("");
  const take = (files: FileList | null | undefined) => {
    const file = files?.[0];
    if (!file) return;
    setWrong(files.length > 1 ? "Upload one file at a time: each becomes a dataset." : "");
    if (files.length === 1) choose(file);
  };
  const paste = (text: string) => {
    const file = fileOf(text);
    if (file) choose(file, { delimiter: delimiterOf(text) });
    else setWrong("Nothing was pasted: copy the cells in the spreadsheet first.");
  };
  useEffect(() => {
    const onPaste = (event: ClipboardEvent) => {
      if (event.target instanceof HTMLTextAreaElement || event.target instanceof HTMLInputElement) return;
      if (event.clipboardData?.files.length) take(event.clipboardData.files);
      else paste(event.clipboardData?.getData("text/plain") ?? "");
    };
    document.addEventListener("paste", onPaste);
    return () => document.removeEventListener("paste", onPaste);
  }, []);
  return (
    <>
      {wrong && <div role="alert"><Notice tone="warn">{wrong}</Notice></div>}
      <section
        class={isOver ? "drop over" : "drop"}
        aria-label="A file"
        onDragOver={(event) => { event.preventDefault(); setOver(true); }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => { event.preventDefault(); setOver(false); take(event.dataTransfer?.files); }}
      >
        <h2>Drop a file here</h2>
        <p class="quiet">CSV or any other text with one row a line, or Parquet; also compressed as .gz or .zst. It is sent from the disk as it is, however large.</p>
        <input ref={input} type="file" accept={TAKEN} hidden aria-label="File to upload" onChange={(event) => { take(event.currentTarget.files); event.currentTarget.value = ""; }} />
        <button type="button" class="button main" onClick={() => input.current?.click()}>Choose a file</button>
      </section>
      <Paste onPaste={paste} />
    </>
  );
}

function Paste({ onPaste }: { onPaste: (text: string) => void }) {
  const [text, setText] = useState("");
  const { lines, cells } = sizeOf(text);
  return (
    <Card title="Or paste from a spreadsheet">
      <form class="stack" onSubmit={(event) => { event.preventDefault(); onPaste(text); }}>
        <Field label="Cells" hint="Select the cells with their header in the spreadsheet, copy them, and paste them here.">
          {(ids) => <textarea {...ids} class="mono" spellcheck={false} value={text} onInput={(event) => setText(event.currentTarget.value)} />}
        </Field>
        <div class="row">
          <button class="button" disabled={!text.trim()}>Look at these cells</button>
          {text.trim() && <span class="quiet small">{counted(lines, "line")}, {count(cells)} in the first</span>}
        </div>
      </form>
    </Card>
  );
}
