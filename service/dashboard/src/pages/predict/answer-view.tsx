import { useState } from "preact/hooks";
import type { FeatureField } from "../../ui/features/fields";
import { Card, Field, Notice } from "../../ui/parts";
import { Scroll } from "../../ui/scroll";
import { counted, number, percent, range } from "../../words/format";
import type { Told } from "./ask";
import { Contributions } from "./contributions";

const MOST_CLASSES = 8;

/** The answer in a line. What was answered to an older row is shown paler until the new answer is there. */
export function AnswerHead({ told, isOld, waitsFor, level }: { told: Told | undefined; isOld: boolean; waitsFor: string; level: number | null }) {
  if (!told) return <p class="predict-value"><span class="quiet">{waitsFor ? `To predict, ${waitsFor}.` : "Predicting …"}</span></p>;
  const { label, outcomes } = told.answer;
  const first = outcomes[0];
  return (
    <div class={`predict-value ${isOld ? "old" : ""}`}>
      {label !== null ? (
        <p><span class="quiet">{label === first?.name ? percent(first.value) : ""} </span><strong>{label}</strong></p>
      ) : (
        outcomes.slice(0, 4).map(({ name, value, interval }) => (
          <p key={name}>
            <span class="quiet">{name} </span>
            <strong>{number(value, 6)}</strong>
            {interval && level !== null && <span class="quiet small"> {percent(level)}: {range(interval[0], interval[1])}</span>}
          </p>
        ))
      )}
      {outcomes.length > 4 && label === null && <p class="quiet small">and {counted(outcomes.length - 4, "more target")} below</p>}
    </div>
  );
}

/** Everything that was answered beside it. */
export function AnswerDetails({ told, fields, level }: { told: Told; fields: readonly FeatureField[]; level: number | null }) {
  const { answer } = told;
  const flagged = new Set(answer.flags);
  return (
    <>
      {flagged.size > 0 && (
        <Notice tone="warn">
          <p>
            The model saw nothing like this in training, so take the answer with caution: {[...flagged].slice(0, 8).join(", ")}
            {flagged.size > 8 ? ` and ${counted(flagged.size - 8, "more feature")}` : ""}.
          </p>
          {fields.some(({ name, kind }) => flagged.has(name) && kind === "categorical") && <p class="small">A category that was never seen adds what rare ones do, or nothing.</p>}
        </Notice>
      )}
      {answer.label !== null && <Classes told={told} />}
      {answer.label === null && answer.outcomes.length > 4 && <Targets told={told} level={level} />}
      <Sums told={told} />
    </>
  );
}

function Classes({ told }: { told: Told }) {
  const [isAll, showAll] = useState(false);
  const { outcomes } = told.answer;
  const shown = isAll ? outcomes : outcomes.slice(0, MOST_CLASSES);
  return (
    <Card title="Probabilities">
      <table class="bars">
        <thead><tr><th scope="col">Class</th><th scope="col" class="number">Probability</th><th scope="col"><span class="visually-hidden">As a bar</span></th></tr></thead>
        <tbody>
          {shown.map(({ name, value }) => (
            <tr key={name}>
              <th scope="row"><span class="clamp" title={name}>{name}</span></th>
              <td class="number">{percent(value)}</td>
              <td class="bar-cell" aria-hidden="true"><div class="bar" style={{ width: `${(value ?? 0) * 100}%` }} /></td>
            </tr>
          ))}
        </tbody>
      </table>
      {outcomes.length > MOST_CLASSES && <button type="button" class="button plain" onClick={() => showAll(!isAll)}>{isAll ? "Show the most probable alone" : `Show all ${counted(outcomes.length, "class", "classes")}`}</button>}
    </Card>
  );
}

function Targets({ told, level }: { told: Told; level: number | null }) {
  const hasIntervals = told.answer.outcomes.some(({ interval }) => interval);
  return (
    <Card title="All targets">
      <Scroll label="All targets">
        <table>
          <thead><tr><th scope="col">Target</th><th scope="col" class="number">Prediction</th>{hasIntervals && <th scope="col" class="number">{percent(level)} interval</th>}</tr></thead>
          <tbody>
            {told.answer.outcomes.map(({ name, value, interval }) => (
              <tr key={name}><th scope="row">{name}</th><td class="number">{number(value, 6)}</td>{hasIntervals && <td class="number">{interval ? range(interval[0], interval[1]) : ""}</td>}</tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </Card>
  );
}

/** What each feature adds; of one target or class at a time. */
function Sums({ told }: { told: Told }) {
  const { label, outcomes } = told.answer;
  const summed = outcomes.filter(({ sum }) => sum);
  const [chosen, choose] = useState("");
  const outcome = summed.find(({ name }) => name === chosen) ?? summed[0];
  if (told.left.contributions) return <Card title="What each feature adds"><p class="quiet">{told.left.contributions}</p></Card>;
  if (!outcome?.sum) return null;
  return (
    <Card title="What each feature adds">
      <div class="stack">
        {summed.length > 1 && (
          <Field label={label === null ? "Target" : "Class"}>
            {(ids) => <select {...ids} value={outcome.name} onChange={(event) => choose(event.currentTarget.value)}>{summed.map(({ name }) => <option key={name}>{name}</option>)}</select>}
          </Field>
        )}
        <Contributions sum={outcome.sum} total={label === null ? outcome.value : null} unit={label === null ? null : summed.length > 1 ? "classes" : "odds"} name={outcome.name} />
      </div>
    </Card>
  );
}
