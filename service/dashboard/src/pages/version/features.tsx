import { useState } from "preact/hooks";
import type { Schema } from "../../api/client";
import { Chart } from "../../ui/chart";
import { Card, Field } from "../../ui/parts";
import { type Column, VirtualTable } from "../../ui/virtual";
import { counted, number, percent, tableTime } from "../../words/format";
import { metricName } from "../../words/metrics";
import { curvesOf, isCurve } from "./dependence";
import type { View } from "./view";

type Importance = Schema<"Importance">;

/** Which features matter, and how predictions follow each. */
export function Features({ version, view }: { version: Schema<"Version">; view: View }) {
  const { importance, importance_on: on, partial_dependence: dependence } = view;
  if (!importance?.length) return null;
  return (
    <section class="stack" aria-labelledby="features">
      <h2 id="features">Which features matter</h2>
      <p class="quiet small">
        How much larger the error becomes when a feature’s values are shuffled among the rows
        {on && <>: {metricName(on.metric ?? "")} on {counted(on.rows ?? 0, `${on.part} row`)}, {counted(on.repeats ?? 0, "shuffle")} a feature, intervals of {percent(on.confidence)}</>}.
        Features that say the same share their importance.
      </p>
      <VirtualTable label="Importance of the features" columns={columnsOf(importance)} rows={importance} keyOf={(one) => one.feature ?? ""} rowRem={2.25} />
      {dependence && dependence.length > 0 && <Dependence dependence={dependence} target={view.target} task={version.task} />}
    </section>
  );
}

function columnsOf(all: Importance[]): Column<Importance>[] {
  const most = Math.max(...all.map(({ value = 0, high }) => Math.max(value, high ?? value)), 1e-300);
  const least = Math.min(0, ...all.map(({ value = 0, low }) => Math.min(value, low ?? value)));
  const at = (value: number) => (100 * (value - least)) / (most - least);
  return [
    { name: "Feature", width: 12, isHeader: true, show: ({ feature = "" }) => <span title={feature}>{feature}</span> },
    { name: "Increase of the error", width: 11, isNumber: true, show: ({ value }) => number(value) },
    { name: "Interval", width: 12, isNumber: true, show: ({ low, high }) => (typeof low === "number" && typeof high === "number" ? `${number(low)} to ${number(high)}` : "–") },
    {
      name: "Picture",
      title: <span class="visually-hidden">The same as a bar</span>,
      width: 16,
      show: ({ value = 0, low, high }) => (
        <svg class="share-bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
          <rect x={Math.min(at(0), at(value))} y={1} width={Math.max(Math.abs(at(value) - at(0)), 0.4)} height={8} />
          {typeof low === "number" && typeof high === "number" && <path d={`M${at(low)} 5H${at(high)}`} />}
        </svg>
      ),
    },
  ];
}

/** How the mean prediction follows one feature, chosen among the most important. */
function Dependence({ dependence, target, task }: { dependence: Schema<"PartialDependence">[]; target: string; task: string }) {
  const [chosen, setChosen] = useState(0);
  const one = dependence[chosen] ?? dependence[0];
  if (!one) return null;
  const curves = curvesOf(one);
  const says = task === "regression" ? `Mean prediction of ${target}` : "Mean probability";
  const feature = one.feature ?? "";
  return (
    <Card title="How predictions follow a feature">
      <div class="stack">
        <div class="row one-line">
          <Field label="Feature" hint="set to the same value in all rows, the others left as they are">
            {(ids) => (
              <select {...ids} value={String(chosen)} onChange={(event) => setChosen(Number(event.currentTarget.value))}>
                {dependence.map((each, place) => <option key={each.feature} value={String(place)}>{each.feature}</option>)}
              </select>
            )}
          </Field>
        </div>
        {isCurve(one) ? (
          <Chart title={`${says}, by ${feature}`} curves={curves.map(({ name, values }) => ({ name: name || says, x: (one.values ?? []).map(Number), y: values }))} xLabel={feature} yLabel={says} />
        ) : (
          <div class="scroll" tabIndex={0} role="group" aria-label={`${says}, by ${feature}`}>
            <table>
              <thead><tr><th scope="col">{feature}</th>{curves.map(({ name }) => <th key={name} scope="col" class="number">{name || says}</th>)}</tr></thead>
              <tbody>
                {(one.values ?? []).map((value, place) => (
                  <tr key={String(value)}><th scope="row">{valueOf(one.kind, value)}</th>{curves.map(({ name, values }) => <td key={name} class="number">{number(values[place])}</td>)}</tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </div>
    </Card>
  );
}

/** A value that a feature was set to, as its column is read. */
function valueOf(kind: string | undefined, value: string | number | boolean): string {
  if (kind === "datetime" && typeof value === "string") return tableTime(Date.parse(value) / 1000, false);
  return typeof value === "number" ? number(value) : String(value);
}
