import type { Schema } from "../../api/client";
import { Badge, Code, Notice, Wrong } from "../../ui/parts";
import { bytes, count, counted, number, percent, seconds } from "../../words/format";
import type { Preflight } from "./use-preflight";

/** What the server says of a spec before it is run: what is wrong, what may go wrong, what it costs and what was chosen. */
export function Checked({ check, problem, isChecking, retry, isReady }: Preflight & { isReady: boolean }) {
  if (!isReady) return <p class="quiet">Once a column to predict is chosen, warnings, learning rates and the cost of the training are shown here.</p>;
  return (
    <div class="stack tight" aria-busy={isChecking}>
      <p class="quiet small" role="status">{isChecking ? "Checking …" : problem ? (problem.status === 422 ? "This cannot be trained as it is." : "It was not checked.") : check ? "Checked: this can be trained." : ""}</p>
      <Wrong problem={problem} {...(problem?.status === 422 ? {} : { onRetry: retry })} />
      {check && !problem && (
        <>
          {check.warnings.map((one) => (
            <Notice tone="warn" key={one.code + (one.pointer ?? "") + one.detail}>
              <p>{one.detail}</p>
              {one.pointer && <p class="small quiet"><code>{one.pointer}</code></p>}
            </Notice>
          ))}
          <Cost estimate={check.estimate} />
          {check.rates && (
            <section class="stack tight">
              <h3>Learning rate</h3>
              <dl class="facts">
                <dt>Rate</dt><dd>{number(check.rates.learning_rate)}{check.rates.is_estimate ? " (an estimate)" : ""}</dd>
                {check.rates.momentum > 0 && <><dt>Momentum</dt><dd>{number(check.rates.momentum)}</dd></>}
                <dt>Epochs</dt><dd>{count(check.rates.epochs)}</dd>
              </dl>
              <p class="small quiet">{check.rates.why}</p>
            </section>
          )}
          <Curvature of={check.curvature} />
          {check.notes.length > 0 && (
            <details>
              <summary>{counted(check.notes.length, "choice")} made automatically</summary>
              <ul class="small">{check.notes.map((note) => <li key={note}>{note}</li>)}</ul>
            </details>
          )}
          <details>
            <summary>The spec with every choice made</summary>
            <Code text={JSON.stringify(check.spec, null, 2)} />
          </details>
        </>
      )}
    </div>
  );
}

function Cost({ estimate: { memory, time } }: { estimate: Schema<"Estimate"> }) {
  const span = time.low !== null && time.high !== null && seconds(time.low) !== seconds(time.high) ? ` (${seconds(time.low)} to ${seconds(time.high)})` : "";
  return (
    <section class="stack tight">
      <h3>What it takes</h3>
      <dl class="facts">
        <dt>Time</dt><dd>{time.seconds === null ? "not known" : `about ${seconds(time.seconds)}${span}`}{time.epochs === null ? "" : `, at most ${counted(time.epochs, "epoch")}`}</dd>
        <dt>Memory</dt>
        <dd>{bytes(memory.total_bytes)}{memory.limit_bytes === null ? "" : ` of ${bytes(memory.limit_bytes)} (${percent(memory.total_bytes / memory.limit_bytes)})`}</dd>
      </dl>
      <p class="small quiet">{time.why}</p>
    </section>
  );
}

const FIGURES = [
  ["lambda_max", "Largest eigenvalue λmax"],
  ["lambda_min", "Smallest eigenvalue λmin"],
  ["condition_number", "Condition number"],
  ["stable_learning_rate", "Stable below a rate of"],
  ["best_learning_rate", "Best rate in the worst case"],
  ["epochs_to_1_percent", "Epochs to 1 % of the gap, at most"],
] as const;

function Curvature({ of }: { of: Schema<"SpecCurvature"> }) {
  const { scaled, raw, bound, forecast, left_out: left } = of;
  if (!scaled && !raw) return null;
  const run = forecast?.run;
  return (
    <details open>
      <summary>Curvature of the loss</summary>
      <div class="stack tight">
        <div class="scroll" tabIndex={0} role="region" aria-label="Curvature of the loss">
          <table>
            <thead><tr><th scope="col">Figure</th><th scope="col" class="number">Scaled</th><th scope="col" class="number">As it is</th></tr></thead>
            <tbody>
              {FIGURES.map(([name, called]) => <tr key={name}><th scope="row">{called}</th><td class="number">{number(scaled?.[name])}</td><td class="number">{number(raw?.[name])}</td></tr>)}
              {forecast && (
                <tr><th scope="row">Epochs to 1 % of the gap, on this table</th><td class="number">{number(forecast.scaled?.epochs_to_1_percent)}</td><td class="number">{number(forecast.raw?.epochs_to_1_percent)}</td></tr>
              )}
            </tbody>
          </table>
        </div>
        {bound && <p class="small">Descent with this optimizer is stable below a learning rate of {number(bound.learning_rate)}. {bound.guide ? <Badge tone="warn">a guide: {bound.guide}</Badge> : ""}</p>}
        {run && <p class="small">After {counted(run.epochs, "epoch")} of this run, {percent(run.share_left)} of the gap is left{run.epochs_to_1_percent === null ? "" : `; 1 % after ${counted(run.epochs_to_1_percent, "epoch")}`}.</p>}
        <p class="small quiet">{of.basis}{of.forecast_left_out ? ` ${of.forecast_left_out}` : ""}</p>
        {left.length > 0 && <p class="small quiet">Not covered: {left.slice(0, 10).map(({ column, detail }) => `${column} (${detail})`).join(", ")}{left.length > 10 ? ` and ${count(left.length - 10)} more` : ""}.</p>}
      </div>
    </details>
  );
}
