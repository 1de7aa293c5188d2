import { useEffect, useState } from "preact/hooks";
import { Field } from "../../../ui/parts";
import { change, type Draft } from "./draft";
import type { Preview } from "./looked";
import { AS_FOUND, type Reading } from "./reading";

const DELIMITERS = [
  { mark: ",", words: "comma ," }, { mark: ";", words: "semicolon ;" }, { mark: "tab", words: "tab" },
  { mark: "|", words: "bar |" }, { mark: "space", words: "space" }, { mark: ":", words: "colon :" },
];
const ENCODINGS = ["utf-8", "windows-1252", "iso8859-1", "utf-16", "iso8859-2", "iso8859-15", "cp1250", "cp1251", "shift_jis", "gb18030", "big5", "euc_kr"];
const NAMES: Record<string, string> = { "\t": "tab", " ": "space", ",": "comma ,", ";": "semicolon ;", "|": "bar |", ":": "colon :" };

/** How the file is written, as it was found, and to be set right. Columns that are cut otherwise have other names, so that
 * what was declared of their kinds goes. */
export function Options({ of, preview }: { of: Draft; preview: Preview | undefined }) {
  const { reading } = of;
  const found = preview?.dialect;
  const set = (changes: Partial<Reading>) => change({ reading: { ...reading, ...changes } });
  const asFound = (declared: string, what: string | undefined) => (declared || !what ? "as found" : `as found: ${what}`);
  return (
    <div class="columns options">
      <Field label="Between the cells">
        {(ids) => (
          <select {...ids} value={reading.delimiter} onChange={(event) => set({ delimiter: event.currentTarget.value, kinds: AS_FOUND.kinds })}>
            <option value="">{asFound(reading.delimiter, found?.delimiter && (NAMES[found.delimiter] ?? found.delimiter))}</option>
            {DELIMITERS.map(({ mark, words }) => <option key={mark} value={mark}>{words}</option>)}
          </select>
        )}
      </Field>
      <Field label="First line">
        {(ids) => (
          <select {...ids} value={reading.header} onChange={(event) => set({ header: headerOf(event.currentTarget.value), kinds: AS_FOUND.kinds })}>
            <option value="">{asFound(reading.header, found ? (found.header ? "a header" : "a row") : undefined)}</option>
            <option value="true">a header: names</option>
            <option value="false">a row</option>
          </select>
        )}
      </Field>
      <Field label="Before the decimals">
        {(ids) => (
          <select {...ids} value={reading.decimal} onChange={(event) => set({ decimal: decimalOf(event.currentTarget.value) })}>
            <option value="">as found</option>
            <option value="." disabled={found?.delimiter === "."}>a point</option>
            <option value="," disabled={found?.delimiter === ","}>a comma</option>
          </select>
        )}
      </Field>
      <Field label="Encoding of the text">
        {(ids) => (
          <select {...ids} value={reading.encoding} onChange={(event) => set({ encoding: event.currentTarget.value, kinds: AS_FOUND.kinds })}>
            <option value="">{asFound(reading.encoding, found?.encoding)}</option>
            {ENCODINGS.map((name) => <option key={name} value={name}>{name}</option>)}
          </select>
        )}
      </Field>
      <Missing of={of} found={found?.text_style?.missing ?? []} />
    </div>
  );
}

const headerOf = (value: string): Reading["header"] => (value === "true" || value === "false" ? value : "");
const decimalOf = (value: string): Reading["decimal"] => (value === "." || value === "," ? value : "");

/** The words that mark a missing cell, one a line; an empty cell is missing in any case. */
function Missing({ of, found }: { of: Draft; found: readonly string[] }) {
  const { missing } = of.reading;
  const present = (missing ?? found).filter((word) => word !== "").join("\n");
  const [text, setText] = useState(present);
  useEffect(() => setText(present), [present]);
  const keep = () => {
    if (text === present) return;
    const words = [...new Set(text.split("\n").map((word) => word.trim()).filter(Boolean))].slice(0, 100);
    change({ reading: { ...of.reading, missing: words } });
  };
  return (
    <div class="stack tight">
      <Field label="Words for a missing cell" hint="One a line. An empty cell is missing in any case.">
        {(ids) => <textarea {...ids} class="mono" spellcheck={false} rows={4} value={text} onInput={(event) => setText(event.currentTarget.value)} onBlur={keep} />}
      </Field>
      {missing && <div><button type="button" class="button little" onClick={() => change({ reading: { ...of.reading, missing: null } })}>Use the usual words</button></div>}
    </div>
  );
}
