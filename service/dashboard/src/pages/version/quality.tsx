import { useState } from "preact/hooks";
import type { Schema } from "../../api/client";
import { Card, Field, Notice } from "../../ui/parts";
import { counted, number } from "../../words/format";
import { figures, isLowerBetter, judgedOn, metricMeaning, metricName, PARTS } from "../../words/metrics";
import { Confusion } from "./confusion";
import { Picture, pictureOf } from "./picture";
import type { View } from "./view";

/** The metrics on the rows of a part, beside always predicting the mean or the class shares, and beside a linear neuron. */
export function Quality({ version, report, view }: { version: Schema<"Version">; report: Schema<"Report">; view: View }) {
  const parts = PARTS.filter((part) => figures(view.metrics[part]).length > 0);
  const [asked, setAsked] = useState<string | null>(judgedOn(view.metrics));
  const part = parts.find((one) => one === asked) ?? parts[0];
  if (!part) return null;
  const rows = report.rows?.[part];
  const own = figures(view.metrics[part]);
  const baseline = Object.fromEntries(figures(view.baseline[part]));
  const linear = Object.fromEntries(figures(view.linear[part]));
  const isBeside = Object.keys(linear).length > 0 && report.choice?.kind !== "linear";
  const isRegression = report.task === "regression";
  return (
    <section class="stack" aria-labelledby="quality">
      <h2 id="quality">How good it is</h2>
      <Card>
        <div class="stack">
          <div class="row one-line">
            <Field label="Measured on" hint={part === "train" ? "The rows that it was trained on: any model can look good on them." : "Rows that it was not trained on."}>
              {(ids) => (
                <select {...ids} value={part} onChange={(event) => setAsked(event.currentTarget.value)}>
                  {parts.map((one) => <option key={one} value={one}>{one}{report.rows?.[one] === undefined ? "" : `: ${counted(report.rows[one], "row")}`}</option>)}
                </select>
              )}
            </Field>
          </div>
          <div class="scroll" tabIndex={0} role="group" aria-label="Metrics">
            <table>
              <caption class="visually-hidden">Metrics on the {part} rows{rows === undefined ? "" : `, ${counted(rows, "row")}`}</caption>
              <thead>
                <tr>
                  <th scope="col">Metric</th>
                  <th scope="col" class="number">This model</th>
                  <th scope="col" class="number">Baseline</th>
                  {isBeside && <th scope="col" class="number">Linear neuron</th>}
                  <th scope="col">Meaning</th>
                </tr>
              </thead>
              <tbody>
                {own.map(([metric, value]) => (
                  <tr key={metric}>
                    <th scope="row">{metricName(metric)}</th>
                    <td class="number"><strong>{number(value)}</strong></td>
                    <td class="number">{number(baseline[metric])}</td>
                    {isBeside && <td class="number">{number(linear[metric])}</td>}
                    <td class="quiet small says">{metricMeaning(metric)}; {isLowerBetter(metric) ? "less" : "more"} is better</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          {isNoBetter(own, baseline) && <Notice tone="warn">On these rows the model is no better than the baseline.</Notice>}
          <p class="quiet small">
            The baseline always predicts {isRegression ? "the mean" : "the class shares"} of the training rows.
            {isBeside && " The linear neuron was trained on the same rows."}
          </p>
          <Confusion matrix={view.metrics[part]?.confusion} classes={view.classes} part={part} />
        </div>
      </Card>
      <Picture version={version} file={pictureOf("roc", view.number)} caption="ROC and precision-recall curves on held-out rows" />
      <Picture version={version} file={pictureOf("residuals", view.number)} caption="Predicted and true values of held-out rows, and their residuals" />
    </section>
  );
}

/** Whether the error that training makes small is not below that of the baseline. */
function isNoBetter(own: [string, number | null][], baseline: Record<string, number | null>): boolean {
  return own.some(([metric, value]) => ["mse", "log_loss"].includes(metric) && value !== null && value >= (baseline[metric] ?? Infinity));
}
