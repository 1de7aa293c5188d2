import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { ApiProblem } from "../api/problem";
import { asTyped, number, parseNumber } from "../words/format";
import { choiceOf, choicesOf, onlyWay } from "./form/choices";
import { at, chosen, type Draft, isSame, pointer, put } from "./form/draft";
import { type FormField, type Json, label, type Way } from "./form/schema";
import { range, textOf, valueOf } from "./form/text";
import { Field } from "./parts";
import "../styles/form.css";

interface Given {
  fields: FormField[];
  draft: Draft;
  onChange: (draft: Draft) => void;
  /** what the server says of the draft: each sentence is shown at its field */
  problem: ApiProblem | undefined;
  path?: readonly string[];
}

/** A form of the fields of a schema: a hint, what each word means, what is allowed; objects are folded. */
export function SchemaForm({ fields, draft, onChange, problem, path = [] }: Given) {
  const isFolded = ({ ways }: FormField) => ways.length === 1 && ways[0]?.is === "object";
  return (
    <div class="schema-form">
      {[...fields.filter(isFolded), ...fields.filter((field) => !isFolded(field))].map((field) => {
        const here = [...path, field.name];
        const inside = field.ways.length === 1 && field.ways[0]?.is === "object" ? field.ways[0].fields : undefined;
        return inside ? (
          <Folded key={field.name} field={field} value={at(draft, here)} wrong={wrongBelow(problem, here)}>
            <SchemaForm fields={inside} draft={draft} onChange={onChange} problem={problem} path={here} />
          </Folded>
        ) : (
          <OneField key={field.name} field={field} path={here} draft={draft} onChange={onChange} problem={problem} />
        );
      })}
    </div>
  );
}

/** What is said of a place and of everything below it. */
function wrongBelow(problem: ApiProblem | undefined, path: readonly string[]): string {
  const place = pointer(path);
  const told = problem?.problem.errors.filter((error) => error.pointer === place || error.pointer.startsWith(`${place}/`)) ?? [];
  return told.map((error) => (error.pointer === place ? error.detail : `${error.pointer.slice(place.length + 1)}: ${error.detail}`)).join("; ");
}

/** An object's fields, behind its name and how many of them were chosen; open where something in it is wrong. */
function Folded({ field, value, wrong, children }: { field: FormField; value: Json | undefined; wrong: string; children: ComponentChildren }) {
  const many = chosen(value);
  const [isOpen, set] = useState(false);
  useEffect(() => {
    if (wrong) set(true);
  }, [wrong !== ""]);
  return (
    <details class="schema-folded" open={isOpen} onToggle={(event) => set(event.currentTarget.open)}>
      <summary>{label(field.name)}{many > 0 && <span class="badge accent">{many} chosen</span>}{wrong && <span class="badge bad">wrong</span>}</summary>
      {field.about && <p class="quiet small">{field.about}</p>}
      {isOpen && children}
    </details>
  );
}

function OneField({ field, path, draft, onChange, problem }: Required<Omit<Given, "fields" | "problem">> & { field: FormField; problem: ApiProblem | undefined }) {
  const value = at(draft, path);
  const choices = choicesOf(field);
  const [opened, setOpened] = useState(-1);  // a choice to type something in, where nothing is typed yet
  const only = onlyWay(field);
  const which = value === undefined && opened >= 0 ? opened : choiceOf(choices, value, field.preset);
  const way = only ?? choices[which]?.way;
  const shown = choices[which];
  const word = which < 0 ? undefined : value !== undefined ? value : field.preset;
  const meaning = way === undefined && shown ? field.meanings[word === null ? "null" : String(word)] : undefined;
  const hint = [field.about, meaning ? `${String(word ?? "none")}: ${meaning}` : "", way ? range(way, number) : ""].filter(Boolean).join(". ");
  const choose = (next: number) => {
    setOpened(choices[next]?.way ? next : -1);
    onChange(put(draft, path, choices[next]?.value));
  };
  const type = (typed: Json | undefined) => {
    if (!only) setOpened(which);
    onChange(put(draft, path, typed));
  };
  return (
    <Field label={label(field.name)} hint={hint} wrong={wrongBelow(problem, path)}>
      {(ids) => (
        <div class="schema-control">
          {!only && (
            <select {...ids} value={which} onChange={(event) => choose(Number(event.currentTarget.value))}>
              {choices.map((choice, index) => <option key={index} value={index}>{choice.text}</option>)}
            </select>
          )}
          {way?.is === "object" ? (
            <SchemaForm fields={way.fields} draft={draft} onChange={onChange} problem={problem} path={path} />
          ) : (
            way && <Typed ids={only ? ids : { ...ids, id: undefined, "aria-label": `${label(field.name)}, ${shown?.text.replace(" …", "") ?? ""}` }} way={way} value={value} preset={only ? field.preset : undefined} onType={type} />
          )}
        </div>
      )}
    </Field>
  );
}

/** Where a number, a text, a list or JSON is typed; what is typed stays as it is while it means what the draft holds. */
function Typed({ ids, way, value, preset, onType }: {
  ids: { id?: string | undefined; "aria-describedby"?: string; "aria-invalid"?: "true"; "aria-label"?: string };
  way: Way;
  value: Json | undefined;
  preset: Json | undefined;
  onType: (value: Json | undefined) => void;
}) {
  const [text, setText] = useState(() => textOf(value, way, asTyped));
  useEffect(() => {
    if (!isSame(valueOf(text, way, parseNumber), value)) setText(textOf(value, way, asTyped));
  }, [JSON.stringify(value)]);
  const given = {
    ...ids,
    value: text,
    placeholder: preset === undefined || preset === null ? "" : textOf(preset, way, asTyped),
    onInput: (event: { currentTarget: { value: string } }) => {
      setText(event.currentTarget.value);
      onType(valueOf(event.currentTarget.value, way, parseNumber));
    },
  };
  if (way.is === "json" || (way.is === "list" && way.of === "text")) return <textarea rows={3} spellcheck={false} class="mono" {...given} />;
  return <input type="text" inputMode={way.is === "number" ? (way.isWhole ? "numeric" : "decimal") : "text"} autocomplete="off" {...given} />;
}
