import { useState } from "preact/hooks";
import { counted, number, tableTime } from "../../words/format";
import { Field } from "../parts";
import type { FeatureField, Typed } from "./fields";

const MOST_OPTIONS = 25;
const ANOTHER = "\u0000another";  // no category has such a name: no cell holds a NUL

export interface InputOf {
  field: FeatureField;
  typed: Typed;
  wrong?: string | undefined;
  /** Said beside the field: that its value is unlike any in training. */
  note?: string | undefined;
  onType: (typed: Typed) => void;
}

/** The field of one feature by its kind, with "missing" as a choice of its own. */
export function FeatureInput(given: InputOf) {
  const { field, typed, wrong, note, onType } = given;
  const said = note ? <><strong class="feature-note">{note}.</strong> {hintOf(field)}</> : hintOf(field);
  return (
    <div class="feature">
      <Field label={field.name} hint={said} {...(wrong ? { wrong } : {})}>
        {(ids) => (typed.isMissing ? <input {...ids} value="missing" disabled /> : <Control {...given} ids={ids} />)}
      </Field>
      <label class="check small feature-missing" title={field.fills === false ? NO_FILL : undefined}>
        <input
          type="checkbox"
          aria-label={`${field.name} is missing`}
          checked={typed.isMissing}
          disabled={field.fills === false}
          onChange={(event) => onType({ ...typed, isMissing: event.currentTarget.checked })}
        />
        <span class="quiet">missing{field.fills === false ? ": this model accepts no missing value here" : ""}</span>
      </label>
    </div>
  );
}

const NO_FILL = "In training nothing was missing here, or such rows were left out";

function hintOf({ kind, low, high, isWhole, choices }: FeatureField): string {
  if (kind === "numeric" && low !== null && high !== null) return low === high ? `${number(low)} in all rows of training` : `${number(low)} to ${number(high)} in training`;
  if (kind === "datetime" && low !== null && high !== null) return `${tableTime(low, isWhole)} to ${tableTime(high, isWhole)} in training`;
  if (kind === "categorical" && choices.length > MOST_OPTIONS) return `${counted(choices.length, "category", "categories")}; type to search`;
  if (kind === "unknown") return "a word, or a time such as 2024-05-31, as in the model's table";
  return "";
}

type Ids = Parameters<Parameters<typeof Field>[0]["children"]>[0];

function Control({ field, typed, ids, onType }: InputOf & { ids: Ids }) {
  const type = (text: string) => onType({ text, isMissing: false });
  const plain = { ...ids, value: typed.text, autocomplete: "off" as const, onInput: (event: Event & { currentTarget: HTMLInputElement }) => type(event.currentTarget.value) };
  switch (field.kind) {
    case "boolean":
      return (
        <select {...ids} value={typed.text} onChange={(event) => type(event.currentTarget.value)}>
          {typed.text === "" && <option value="">choose</option>}
          <option value="false">{field.words[0]}</option>
          <option value="true">{field.words[1]}</option>
        </select>
      );
    case "datetime":
      return <input {...plain} type={field.isWhole ? "date" : "datetime-local"} {...(field.isWhole ? {} : { step: 1 })} />;
    case "categorical":
      return field.choices.length <= MOST_OPTIONS ? <Choice field={field} text={typed.text} ids={ids} onType={type} /> : (
        <>
          <input {...plain} list={`${ids.id}-list`} />
          <datalist id={`${ids.id}-list`}>{field.choices.slice(0, 2000).map((choice) => <option key={choice} value={choice} />)}</datalist>
        </>
      );
    case "numeric":
      return <input {...plain} inputMode="decimal" />;
    default:
      return <input {...plain} />;
  }
}

/** One of few categories, or another one, which the model has not seen. */
function Choice({ field, text, ids, onType }: { field: FeatureField; text: string; ids: Ids; onType: (text: string) => void }) {
  const isKnown = field.choices.includes(text);
  const [isOther, setOther] = useState(text !== "" && !isKnown);
  const isAnother = isOther || (text !== "" && !isKnown);
  return (
    <>
      <select
        {...ids}
        value={isAnother ? ANOTHER : text}
        onChange={(event) => {
          const chosen = event.currentTarget.value;
          setOther(chosen === ANOTHER);
          onType(chosen === ANOTHER ? "" : chosen);
        }}
      >
        {text === "" && !isAnother && <option value="">choose</option>}
        {field.choices.map((choice) => <option key={choice} value={choice}>{choice}</option>)}
        <option value={ANOTHER}>another value …</option>
      </select>
      {isAnother && <input aria-label={`Another value of ${field.name}`} value={text} autocomplete="off" onInput={(event) => onType(event.currentTarget.value)} />}
    </>
  );
}
