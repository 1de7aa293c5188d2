import { useState } from "preact/hooks";
import type { Schema } from "../../api/client";
import { Card, Field, Notice, Stat, Stats } from "../../ui/parts";
import { type Column, VirtualTable } from "../../ui/virtual";
import { count, listed, number, percent } from "../../words/format";
import { Picture, pictureOf } from "./picture";
import type { View } from "./view";
import { nameOf, placeOf, toldOf, type Weight } from "./weights";

/** What a linear neuron has learnt, beside the exact optimum on the same rows, and how far it is from it. */
export function Neuron({ version, view }: { version: Schema<"Version">; view: View }) {
  const { certificate, certificate_left_out, weights } = view;
  if (!certificate && !certificate_left_out && !weights) return null;
  return (
    <section class="stack" aria-labelledby="weights">
      <h2 id="weights">Weights, beside the exact optimum</h2>
      {certificate ? <Distance certificate={certificate} /> : certificate_left_out && <Notice>There is no exact optimum to compare with: {certificate_left_out}</Notice>}
      {weights && <Weights weights={weights} />}
      <Picture version={version} file={pictureOf("weights", view.number)} caption="Learnt and optimal coefficients, with the optimum’s 95 % confidence intervals" />
    </section>
  );
}

function Distance({ certificate }: { certificate: Schema<"Certificate"> }) {
  const { optimum_loss, loss, gap, gradient_norm, weight_distance, prediction_distance, rank, condition_number, digits, residual_standard_deviation, collinear = [], separation, epochs_to_millionth, note, method } = certificate;
  return (
    <Card title="Distance from the optimum">
      <div class="stack">
        <Stats>
          <Stat name="Loss, as learnt">{number(loss, 6)}</Stat>
          <Stat name="Loss of the exact optimum">{number(optimum_loss, 6)}</Stat>
          <Stat name="Gap">{number(gap)}{typeof gap === "number" && optimum_loss && gap / optimum_loss >= 0.0005 ? <span class="quiet small gap-share">{percent(gap / optimum_loss)} of the optimum’s</span> : ""}</Stat>
          <Stat name="Predictions differ by (RMS)">{number(prediction_distance)}</Stat>
          <Stat name="Distance of the scaled weights">{number(weight_distance)}</Stat>
          <Stat name="Length of the gradient ‖∇L‖">{number(gradient_norm)}</Stat>
        </Stats>
        <p class="quiet small">
          The optimum is that of the same loss, computed without descent{method ? <>: {method}</> : ""}.
        </p>
        {note && <Notice>{note}</Notice>}
        {separation?.detail && <Notice tone="warn">{separation.detail}</Notice>}
        {collinear.length > 0 && (
          <Notice tone="warn">
            <strong>Some columns follow from others</strong>, so that many optima make the same predictions. In each of these groups any one column follows from the rest:
            <ul>{collinear.slice(0, 20).map((group) => <li key={group.join()}>{listed(group)}</li>)}</ul>
          </Notice>
        )}
        <details>
          <summary>More about the problem</summary>
          <dl class="facts">
            <dt>Condition number of the scaled design</dt><dd>{number(condition_number)}</dd>
            <dt>Rank of the design</dt><dd>{count(rank)}</dd>
            <dt>Digits of the coefficients that count</dt><dd>{count(digits)}</dd>
            <dt>Standard deviation of the residuals</dt><dd>{number(residual_standard_deviation)}</dd>
            <dt>Epochs to a millionth of the optimal loss, at most</dt><dd>{count(epochs_to_millionth)}</dd>
          </dl>
        </details>
      </div>
    </Card>
  );
}

const COLUMNS: Column<Weight>[] = [
  { name: "Feature", width: 13, isHeader: true, show: (one) => <span title={nameOf(one)}>{nameOf(one)}</span> },
  { name: "Learnt", width: 7, isNumber: true, show: ({ learnt }) => <strong>{number(learnt)}</strong> },
  { name: "Optimum", width: 8, isNumber: true, show: ({ optimum }) => number(optimum) },
  { name: "Difference", width: 7, isNumber: true, show: ({ difference }) => number(difference, 2) },
  { name: "95% interval", width: 13, isNumber: true, show: ({ low, high }) => (typeof low === "number" && typeof high === "number" ? `${number(low)} to ${number(high)}` : "–") },
  { name: "Learnt is", width: 7, show: (one) => toldOf(placeOf(one)) },
  { name: "Scaled by", width: 7, isNumber: true, show: ({ step }) => number(step) },
];

function Weights({ weights }: { weights: Weight[] }) {
  const [text, setText] = useState("");
  const found = text ? weights.filter((one) => nameOf(one).toLowerCase().includes(text.toLowerCase())) : weights;
  const [some] = weights;
  return (
    <div class="stack tight">
      <p class="quiet small">
        Score = intercept + Σ coefficient · feature, in the table’s own units{some?.class === undefined ? "" : "; for classes of the log-odds, of each class against the mean of all"}.
        A confidence interval tells how far chance in the rows could have moved the optimum, the exact coefficient.
      </p>
      {weights.length > 20 && (
        <div class="row one-line">
          <Field label="Find a feature">{(ids) => <input {...ids} type="search" value={text} onInput={(event) => setText(event.currentTarget.value)} />}</Field>
        </div>
      )}
      <VirtualTable label="Weights" columns={COLUMNS} rows={found} keyOf={nameOf} one="weight" rowRem={2.25} />
    </div>
  );
}
