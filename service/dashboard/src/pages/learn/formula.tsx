import { type Step, stepAfter } from "../../lesson/descent.ts";
import { predict } from "../../lesson/neuron.ts";
import { bracketed, counted, number } from "../../words/format";
import type { Lesson } from "./choices";

const SHOWN = 3; // rows that are written out

/** The step that comes next (or the last one made), with its numbers in the formula. */
export function Formula({ lesson, done }: { lesson: Lesson; done: number }) {
  const { run, ground, names, settings, sample } = lesson;
  const { x, y } = ground.prepared.train;
  const isLast = done >= run.steps;
  const step = stepAfter(run, x, y, isLast ? run.steps - 1 : done);
  if (!step) return null;
  const errors = step.rows.map((row) => predict(x[row] ?? [], step.before) - (y[row] ?? 0));
  const many = sample.features.length > 1;
  const factor = (row: number, parameter: number): number | null => (parameter < sample.features.length ? (x[row]?.[parameter] ?? 0) : null);
  return (
    <div class="stack tight">
      <h3>{isLast ? "The last step" : "The next step"}: epoch {step.epoch}{run.stepsPerEpoch > 1 ? `, step ${step.inEpoch} of ${run.stepsPerEpoch}` : ""}, on {counted(step.rows.length, "row")}</h3>
      <RowsOfStep lesson={lesson} step={step} errors={errors} />
      {names.map((name, parameter) => (
        <p key={name} class="formula">
          ∂L/∂{name} = {step.rows.length === 1 ? "2" : `(2/${step.rows.length}) Σ`} (ŷᵢ − yᵢ){parameter < sample.features.length ? ` xᵢ${many ? "₁₂"[parameter] : ""}` : ""}
          {" = "}
          {step.rows.length === 1 ? "2" : `(2/${step.rows.length})`} · {terms(step, errors, (row) => factor(row, parameter))} = <strong>{number(step.gradient[parameter])}</strong>
          <br />
          {name} ← {name} − η · ∂L/∂{name} = {bracketed(step.before[parameter] ?? NaN)} − {number(settings.rate, 3)} · {bracketed(step.gradient[parameter] ?? NaN)} = <strong>{number(step.after[parameter])}</strong>
        </p>
      ))}
    </div>
  );
}

function terms(step: Step, errors: number[], factor: (row: number) => number | null): string {
  const written = step.rows.slice(0, SHOWN).map((row, index) => {
    const by = factor(row);
    return by === null ? bracketed(errors[index] ?? NaN) : `${bracketed(errors[index] ?? NaN)}·${bracketed(by)}`;
  });
  const rest = step.rows.length > SHOWN ? " + …" : "";
  return step.rows.length === 1 ? written.join("") : `(${written.join(" + ")}${rest})`;
}

function RowsOfStep({ lesson, step, errors }: { lesson: Lesson; step: Step; errors: number[] }) {
  const { sample, ground, choices } = lesson;
  const { x, y } = ground.prepared.train;
  const rest = step.rows.length - SHOWN;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Rows of the step">
      <table>
        <thead>
          <tr>
            {sample.features.map((name, index) => <th key={name} class="number">x{sample.features.length > 1 ? "₁₂"[index] : ""}{choices.isScaled ? " scaled" : ""}</th>)}
            <th class="number">y</th><th class="number">ŷ</th><th class="number">ŷ − y</th>
          </tr>
        </thead>
        <tbody>
          {step.rows.slice(0, SHOWN).map((row, index) => (
            <tr key={row}>
              {(x[row] ?? []).map((value, column) => <td key={column} class="number">{number(value)}</td>)}
              <td class="number">{number(y[row])}</td>
              <td class="number">{number(predict(x[row] ?? [], step.before))}</td>
              <td class="number">{number(errors[index])}</td>
            </tr>
          ))}
          {rest > 0 && <tr><td colSpan={sample.features.length + 3} class="quiet">and {counted(rest, "row")} more</td></tr>}
        </tbody>
      </table>
    </div>
  );
}
