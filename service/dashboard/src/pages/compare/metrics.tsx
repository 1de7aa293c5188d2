import { useState } from "preact/hooks";
import type { Schema } from "../../api/client";
import { Badge, Card, Notice } from "../../ui/parts";
import { NONE, number, percent } from "../../words/format";
import { metricName } from "../../words/metrics";
import { relative } from "./leaves";

/** Their metrics side by side, on the rows that judge; those on the training rows when they are asked for. */
export function ComparedMetrics({ found: { metrics, same_rows } }: { found: Schema<"VersionComparison"> }) {
  const [isAll, setAll] = useState(false);
  const held = metrics.filter(({ split }) => split !== "train");
  const shown = isAll || held.length === 0 ? metrics : held.filter(({ a, b }) => a !== b);
  return (
    <Card title="Metrics">
      <div class="stack">
        {!same_rows && <Notice tone="warn">They were not measured on the same rows, so a smaller figure does not say that a version is better.</Notice>}
        {held.length > 0 && (
          <label class="check">
            <input type="checkbox" checked={isAll} onChange={(event) => setAll(event.currentTarget.checked)} />
            Show those that are the same and those on the training rows as well
          </label>
        )}
        {shown.length === 0 ? (
          <p class="quiet">{metrics.length ? "All of their metrics on held-out rows are the same." : "Neither has metrics."}</p>
        ) : (
          <div class="scroll" tabIndex={0} role="group" aria-label="Metrics side by side">
            <table>
              <caption class="visually-hidden">Metrics side by side</caption>
              <thead>
                <tr>
                  <th scope="col">Metric</th>
                  <th scope="col" class="number">A</th>
                  <th scope="col" class="number">B</th>
                  <th scope="col" class="number">B − A</th>
                  {same_rows && <th scope="col">Better by it</th>}
                </tr>
              </thead>
              <tbody>
                {shown.map((one) => (
                  <tr key={`${one.split} ${one.target} ${one.metric}`}>
                    <th scope="row">{metricName(one.metric)}, {one.split}{one.target === null ? "" : `, ${one.target}`}</th>
                    <td class="number">{number(one.a)}</td>
                    <td class="number">{number(one.b)}</td>
                    <td class="number">{differenceOf(one)}</td>
                    {same_rows && <td>{one.better ? <Badge tone="good">{one.better.toUpperCase()}</Badge> : NONE}</td>}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </div>
    </Card>
  );
}

function differenceOf({ a, difference }: Schema<"ComparedFigure">): string {
  const share = relative(a, difference);
  return `${number(difference)}${share === null ? "" : ` (${share > 0 ? "+" : ""}${percent(share)})`}`;
}
