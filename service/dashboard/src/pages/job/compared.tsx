import { useMemo, useState } from "preact/hooks";
import type { Schema } from "../../api/client";
import { Chart, type Curve } from "../../ui/chart";
import { Badge, Card, Tabs } from "../../ui/parts";
import { count, number, percent, seconds } from "../../words/format";

const AXES = { "Rows touched": "rows_touched", Steps: "steps", Epochs: "epoch" } as const;
type Axis = keyof typeof AXES;
const NAMES = ["Rows touched", "Steps", "Epochs"] as const;

/** Descents beside each other: the gap to the lowest loss that each has left, and what it took. */
export function Compared({ comparison }: { comparison: Schema<"Comparison"> }) {
  const [axis, setAxis] = useState<Axis>("Rows touched");
  const curves = useMemo(
    () => comparison.descents.map((one, place): Curve => ({
      name: nameOf(one),
      x: one.curve.map((point) => point[AXES[axis]]),
      y: one.curve.map((point) => point.loss - one.least_loss),
      colour: place + 1,
    })),
    [comparison, axis],
  );
  return (
    <Card title="The descents beside each other">
      <div class="stack">
        <p>{comparison.sentence}</p>
        <Tabs names={NAMES} chosen={axis} label="What the curves run over" onChoose={setAxis} />
        <Chart title="Gap to the lowest loss" curves={curves} xLabel={axis} yLabel={`Loss (${comparison.loss.replace("_", " ")}) above the lowest`} log="asked" height={340} />
        <div class="scroll" tabIndex={0} role="region" aria-label="What each descent took">
          <table>
            <thead>
              <tr>
                <th scope="col">Descent</th><th scope="col">Goal</th><th scope="col" class="number">Epochs</th><th scope="col" class="number">Steps</th><th scope="col" class="number">Rows touched</th>
                <th scope="col" class="number">Time</th><th scope="col" class="number">Rate</th><th scope="col" class="number">Stable below</th><th scope="col" class="number">Condition number</th><th scope="col" class="number">Loss</th>
              </tr>
            </thead>
            <tbody>
              {comparison.descents.map((one) => (
                <tr key={nameOf(one)}>
                  <th scope="row">{nameOf(one)}</th>
                  <td>{one.diverged ? <Badge tone="bad">diverged</Badge> : one.reached ? <Badge tone="good">reached</Badge> : <Badge tone="warn">not reached</Badge>}</td>
                  <td class="number">{number(one.epochs, 3)}</td><td class="number">{count(one.steps)}</td><td class="number">{count(one.rows_touched)}</td><td class="number">{one.seconds < 0.1 ? `${number(one.seconds * 1000, 2)} ms` : seconds(one.seconds)}</td>
                  <td class="number">{number(one.learning_rate)}</td><td class="number">{number(one.stable_learning_rate)}</td><td class="number">{number(one.condition_number)}</td><td class="number">{number(one.loss)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        <p class="small quiet">
          The goal: {percent(comparison.tolerance)} of the gap is left between the loss of always predicting the same ({number(comparison.baseline_loss)}) and the {comparison.least_is === "exact" ? "lowest possible one" : "lowest one seen"}.
          All {count(comparison.rows)} rows train.
        </p>
      </div>
    </Card>
  );
}

function nameOf({ descent, scaled }: Schema<"ComparedDescent">): string {
  return `${descent}, ${scaled ? "scaled" : "as it is"}`;
}
