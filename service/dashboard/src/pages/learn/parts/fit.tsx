import { predict } from "../../../lesson/neuron.ts";
import type { Part } from "../../../lesson/sample.ts";
import { dots, line } from "../../../ui/plot/marks";
import { Frame } from "../../../ui/plot/frame";
import { extent } from "../../../ui/plot/scale";
import { Key } from "../../../ui/scatter";
import { number } from "../../../words/format";
import type { Lesson } from "../choices";

type Pair = [number, number];

/**
 * The rows and what the neuron says of them. With one feature: its line over the feature, as it is in the table. With two:
 * what it says across, what is true upwards, so that a perfect neuron has all points on the diagonal.
 */
export function Fit({ lesson, parameters, rows, withErrors }: { lesson: Lesson; parameters: number[]; rows?: number[]; withErrors?: boolean }) {
  const { sample, ground } = lesson;
  const { train, validation, scaler } = ground.prepared;
  const isLine = sample.features.length === 1;
  const across = (row: readonly number[]): number => (isLine ? (row[0] ?? 0) * (scaler.scales[0] ?? 1) + (scaler.means[0] ?? 0) : predict(row, parameters));
  const points = ({ x, y }: Part): Pair[] => x.map((row, index) => [across(row), y[index] ?? 0]);
  const [trained, validated] = [points(train), points(validation)];
  const y = extent(sample.y, 0.12);
  const x = isLine ? extent(sample.x.map((row) => row[0] ?? 0)) : y;
  const at = (value: number): number => predict([(value - (scaler.means[0] ?? 0)) / (scaler.scales[0] ?? 1)], parameters);
  const fitted: Pair[] = isLine ? [[x[0], at(x[0])], [x[1], at(x[1])]] : [[y[0], y[0]], [y[1], y[1]]];
  const shown = rows ?? (withErrors ? train.y.map((_, index) => index) : []);
  const errors = shown.map((row): [Pair, Pair] => {
    const [left, up] = trained[row] ?? [0, 0];
    return [[left, up], isLine ? [left, at(left)] : [left, left]];
  });
  const chosen = rows && rows.length < train.y.length ? rows.map((row) => trained[row] ?? ([0, 0] as Pair)) : [];
  const label = isLine
    ? `${sample.target} over ${sample.features[0]}: ${train.y.length} training and ${validation.y.length} validation rows, and the neuron's line from ${number(fitted[0]?.[1])} at ${number(x[0])} to ${number(fitted[1]?.[1])} at ${number(x[1])}`
    : `${sample.target} over what the neuron predicts for ${train.y.length} training and ${validation.y.length} validation rows, with the diagonal on which a prediction is right`;
  return (
    <div class="stack tight">
      <Frame x={x} y={y} xName={isLine ? (sample.features[0] ?? "") : `predicted ${sample.target}`} yName={sample.target} label={label} share={0.8}>
        {(scales) => (
          <>
            <path class="errors" d={errors.map((ends) => line(ends, scales)).join("")} />
            <path class="mark dot" style={{ "--mark": "var(--curve-1)" }} d={dots(trained, scales, "dot")} />
            <path class="mark ring" style={{ "--mark": "var(--curve-3)" }} d={dots(validated, scales, "ring")} />
            <path class="mark line" style={{ "--mark": "var(--curve-2)" }} d={line(fitted, scales)} />
            <path class="mark chosen" d={dots(chosen, scales, "ring")} />
          </>
        )}
      </Frame>
      <ul class="legend">
        <Key name="training row" colour="--curve-1" kind="dot" />
        {validation.y.length > 0 && <Key name="validation row" colour="--curve-3" kind="ring" />}
        <Key name={isLine ? "the neuron" : "prediction is right"} colour="--curve-2" kind="line" />
      </ul>
    </div>
  );
}
