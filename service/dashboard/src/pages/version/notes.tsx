import { useState } from "preact/hooks";
import { api, may, type Schema } from "../../api/client";
import { useAction } from "../../api/use";
import { Card, Field, Wrong } from "../../ui/parts";
import { told } from "../../words/value";
import { CLOSED } from "../models/point-alias";

/** What is noted with a version, by its training or by people later: looked at, added, replaced and removed. */
export function Notes({ version: { model: name, version, metadata }, onChange }: { version: Schema<"Version">; onChange: () => void }) {
  const [key, setKey] = useState("note");
  const [text, setText] = useState("");
  const change = useAction(async (of: string, value: string | null) => {
    await api.PATCH("/v1/models/{name}/versions/{version}", { params: { path: { name, version } }, body: { metadata: { [of]: value } } });
    if (value !== null) setText("");
    onChange();
  });
  const isOpen = may("train");
  const all = Object.entries(metadata);
  const edit = (of: string, value: string) => {
    setKey(of);
    setText(value);
  };
  return (
    <Card title="Notes">
      <div class="stack">
        {all.length === 0 ? (
          <p class="quiet">None yet.</p>
        ) : (
          <ul class="aliases">
            {all.map(([of, value]) => (
              <li key={of} class="stack tight">
                <div class="row apart">
                  <strong class="value">{of}</strong>
                  <span class="row">
                    {typeof value === "string" && <button type="button" class="button little" disabled={!isOpen} onClick={() => edit(of, value)}>Edit<span class="visually-hidden"> {of}</span></button>}
                    <button type="button" class="button little" disabled={!isOpen || change.isRunning} onClick={() => void change.run(of, null)}>Remove<span class="visually-hidden"> {of}</span></button>
                  </span>
                </div>
                <span class="value">{told(value)}</span>
              </li>
            ))}
          </ul>
        )}
        {isOpen ? (
          <form class="stack tight" onSubmit={(event) => { event.preventDefault(); void change.run(key.trim(), text); }}>
            <Field label="Name of the note">
              {(ids) => <input {...ids} required maxLength={100} pattern=".*\S.*" value={key} onInput={(event) => setKey(event.currentTarget.value)} />}
            </Field>
            <Field label="Text" hint="Lists of versions are filtered by names and texts, such as stage: trial.">
              {(ids) => <textarea {...ids} required rows={3} value={text} onInput={(event) => setText(event.currentTarget.value)} />}
            </Field>
            <div><button class="button" disabled={change.isRunning}>{Object.hasOwn(metadata, key.trim()) ? "Replace the note" : "Add the note"}</button></div>
          </form>
        ) : (
          <p class="quiet small">{CLOSED}</p>
        )}
        <Wrong problem={change.problem} />
      </div>
    </Card>
  );
}
