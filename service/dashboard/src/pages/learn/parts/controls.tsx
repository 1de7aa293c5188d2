import { useId, useState } from "preact/hooks";
import { Field } from "../../../ui/parts";
import { asTyped, number, typedNumber } from "../../../words/format";

/** A number on a track, told in words beside its name. */
export function Slider({ label, words, value, low, high, step, onChange, marks = [] }: {
  label: string;
  words: string;
  value: number;
  low: number;
  high: number;
  step: number;
  onChange: (value: number) => void;
  /** Places on the track with their names. */
  marks?: { at: number; name: string }[];
}) {
  const id = useId();
  return (
    <div class="slider">
      <div>
        <label class="label" for={id}>{label}</label> <span class="value" aria-hidden="true">{words}</span>
      </div>
      <input id={id} type="range" min={low} max={high} step={step} value={value} aria-valuetext={words} onInput={(event) => onChange(Number(event.currentTarget.value))} />
      {marks.length > 0 && (
        <div class="slider-marks" aria-hidden="true">
          {marks.map(({ at, name }) => (
            // a thumb is 16 px wide: its middle goes from 8 px to 8 px before the end
            <span key={name} style={{ insetInlineStart: `calc(8px + ${Math.max(0, Math.min(1, (at - low) / (high - low)))} * (100% - 16px))` }}>{name}</span>
          ))}
        </div>
      )}
    </div>
  );
}

/** One of a few, all seen. */
export function OneOf<Name extends string>({ label, names, chosen, onChoose }: { label: string; names: readonly { value: Name; name: string }[]; chosen: Name; onChoose: (value: Name) => void }) {
  const group = useId();
  return (
    <fieldset class="one-of">
      <legend>{label}</legend>
      <div class="row">
        {names.map(({ value, name }) => (
          <label key={value} class="check">
            <input type="radio" name={group} checked={value === chosen} onChange={() => onChoose(value)} />
            {name}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

/** A number to type, taken when the field is left or Enter is pressed; one that does not fit changes nothing, and is said. */
export function NumberField({ label, value, low, high, whole, rule, onChange }: {
  label: string;
  value: number;
  low: number;
  high: number;
  whole?: boolean;
  /** What fits, where that is not said best by the two ends. */
  rule?: string;
  onChange: (value: number) => void;
}) {
  const [draft, setDraft] = useState<string | null>(null);
  const [wrong, setWrong] = useState("");
  const take = () => {
    if (draft === null) return;
    const read = typedNumber(draft);
    if ("wrong" in read) return setWrong(read.wrong);
    const { value: given } = read;
    const fits = given >= low && given <= high && (!whole || Number.isInteger(given));
    setWrong(fits ? "" : (rule ?? `a ${whole ? "whole " : ""}number from ${number(low)} to ${number(high)}`));
    if (!fits) return;
    setDraft(null);
    onChange(given);
  };
  return (
    <div class="narrow">
      <Field label={label} wrong={wrong}>
        {(ids) => <input {...ids} type="text" inputMode="decimal" value={draft ?? asTyped(value)} onInput={(event) => setDraft(event.currentTarget.value)} onChange={take} />}
      </Field>
    </div>
  );
}
