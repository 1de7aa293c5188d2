import { useEffect, useState } from "preact/hooks";
import { count, counted } from "../../words/format";
import { Field } from "../parts";
import { FeatureInput } from "./feature-input";
import type { FeatureField, Typed } from "./fields";
import { type TypedRow, typedIn } from "./row";
import "../../styles/features.css";

const FEW = 24;
const AT_ONCE = 60;

/**
 * A row as a form: one field a feature. Of many features those are drawn that a name looked for is in, some at a time;
 * all are part of the row. Fields that something is wrong with come first where not all are drawn.
 */
export function FeatureForm({ fields, row, wrong, notes, onType }: {
  fields: readonly FeatureField[];
  row: TypedRow;
  wrong: Record<string, string>;
  notes: ReadonlyMap<string, string>;
  onType: (name: string, typed: Typed) => void;
}) {
  const [looked, setLooked] = useState("");
  const [most, setMost] = useState(AT_ONCE);
  useEffect(() => setMost(AT_ONCE), [looked, fields]);
  const found = looked ? fields.filter(({ name }) => name.toLowerCase().includes(looked.toLowerCase())) : fields;
  const shown = found.slice(0, most);
  const hidden = fields.length > FEW ? fields.filter(({ name }) => Object.hasOwn(wrong, name) && !shown.some((one) => one.name === name)).slice(0, 5) : [];
  return (
    <div class="stack">
      {fields.length > FEW && (
        <Field label="Find a feature" hint={looked ? `${count(found.length)} of ${counted(fields.length, "feature")}` : counted(fields.length, "feature")}>
          {(ids) => <input {...ids} type="search" value={looked} onInput={(event) => setLooked(event.currentTarget.value)} />}
        </Field>
      )}
      <div class="features">
        {[...hidden, ...shown].map((field) => (
          <FeatureInput
            key={field.name}
            field={field}
            typed={typedIn(row, field.name)}
            wrong={Object.hasOwn(wrong, field.name) ? wrong[field.name] : undefined}
            note={notes.get(field.name)}
            onType={(typed) => onType(field.name, typed)}
          />
        ))}
      </div>
      {found.length > most && (
        <div>
          <button type="button" class="button" onClick={() => setMost(most + AT_ONCE)}>Show {count(Math.min(AT_ONCE, found.length - most))} more of {counted(found.length, "feature")}</button>
        </div>
      )}
    </div>
  );
}
