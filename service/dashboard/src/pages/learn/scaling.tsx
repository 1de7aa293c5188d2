import { useMemo } from "preact/hooks";
import { descend } from "../../lesson/descent.ts";
import { epochsUntil } from "../../lesson/forecast.ts";
import { lossOn } from "../../lesson/surface.ts";
import { meanOf } from "../../lesson/scaling.ts";
import { count, counted, number, percent, shareOf } from "../../words/format";
import { type Ground, type Lesson, tidy } from "./choices";
import { axisNames } from "./descent";
import { PlayerControls, usePlayer } from "./parts/player";
import { Section } from "./parts/section";
import { Surface } from "./parts/surface";

const NEAR = 0.01; // above the least loss, as a share of it
const EXACT = 1e-9; // a least loss that is so small a share of the first is rounding
const LITTLE = 1e-6; // of the first gap, where the least loss is 0

/** Raw and scaled inputs side by side, each at its own best rate. */
export function ScalingSection({ lesson }: { lesson: Lesson }) {
  const { grounds, choices, axes, sample } = lesson;
  const both = useMemo(
    () =>
      (["raw", "scaled"] as const).map((name) => {
        const ground = grounds[name];
        const rate = tidy(0.5 * ground.curvature.stable);
        const run = descend(ground.prepared.train.x, ground.prepared.train.y, { variant: "batch", batchSize: 1, rate, epochs: choices.epochs, seed: 0 });
        return { name, ground, rate, run, epochs: epochsUntil(nearShare(ground), ground.curvature, ground.bowl.optimum, rate) };
      }),
    [grounds.raw, grounds.scaled, choices.epochs],
  );
  const player = usePlayer(choices.epochs, 1, both);
  const [raw, scaled] = both;
  if (!raw || !scaled) return null;
  const goal = isExact(scaled.ground) ? "a millionth of the first gap is left" : `the loss is within ${percent(NEAR)} of the least`;
  const squares = meanOf(raw.ground.prepared.train.x.map((row) => (row[0] ?? 0) ** 2));
  return (
    <Section
      title="Why the inputs are scaled"
      see={
        <>
          The curvature along {lesson.names[0]} is twice the mean of x²: {number(2 * squares)} for {sample.features[0]} as it is, {number(scaled.ground.bowl.hessian[0]?.[0])} scaled. The steepest direction bounds the rate for all of
          them, so that at half of its bound {goal} after {epochWords(raw.epochs)} on raw inputs, and after {epochWords(scaled.epochs)} on scaled ones.
        </>
      }
    >
      <div class="columns">
        {both.map(({ name, ground, run, rate }) => {
          const [xName, yName] = axisNames(lesson, name === "scaled");
          const done = Math.min(player.done, run.steps);
          const left = gapLeft(ground, run.losses, done);
          return (
            <div key={name} class="stack tight">
              <h3>{name === "raw" ? "As they are" : "Scaled"}</h3>
              <Surface
                bowl={ground.bowl} run={run} done={done} axes={axes} xName={xName} yName={yName} legend={false} equal={name === "scaled"} share={0.75}
                label={`Rings of equal loss on ${name} inputs, ${number(ground.curvature.condition, 3)} times as steep in one direction as in the other; after ${counted(done, "epoch")} at a rate of ${number(rate, 3)}, ${shareOf(left)} of the first gap is left.`}
              />
              <p class="small">After {counted(done, "epoch")} at η = {number(rate, 3)}: {shareOf(left)} of the first gap to the least loss is left.</p>
            </div>
          );
        })}
      </div>
      <PlayerControls player={player} name="Raw and scaled" />
      <div class="scroll" tabIndex={0} role="region" aria-label="Curvature of raw and scaled inputs">
        <table>
          <thead><tr><th>Inputs</th><th class="number">λmax</th><th class="number">λmin</th><th class="number">λmax/λmin</th><th class="number">stable below 2/λmax</th><th class="number">epochs until then</th></tr></thead>
          <tbody>
            {both.map(({ name, ground, epochs }) => (
              <tr key={name}>
                <th scope="row">{name === "raw" ? "as they are" : "scaled"}</th>
                <td class="number">{number(ground.curvature.largest)}</td>
                <td class="number">{number(ground.curvature.smallest)}</td>
                <td class="number">{number(ground.curvature.condition)}</td>
                <td class="number">{number(ground.curvature.stable)}</td>
                <td class="number">{Number.isFinite(epochs) ? count(epochs) : "∞"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="small quiet">Each at half of its stable bound, 1/λmax, until {goal}. λ are the eigenvalues of the Hessian (2/n)·ZᵀZ of the training rows, Z being the inputs with a column of ones for the bias.</p>
    </Section>
  );
}

function epochWords(epochs: number): string {
  return Number.isFinite(epochs) ? counted(epochs, "epoch") : "more epochs than can be counted";
}

/** Whether the rows lie on the neuron exactly. */
function isExact({ bowl }: Pick<Ground, "bowl">): boolean {
  return !(bowl.least > EXACT * lossOn(bowl, bowl.optimum.map(() => 0)));
}

/** What is left of the first gap when the loss is near the least. */
function nearShare({ bowl }: Pick<Ground, "bowl">): number {
  const first = lossOn(bowl, bowl.optimum.map(() => 0)) - bowl.least;
  return isExact({ bowl }) ? LITTLE : Math.min(1, (NEAR * bowl.least) / first);
}

function gapLeft({ bowl }: Ground, losses: number[], epoch: number): number {
  const first = (losses[0] ?? NaN) - bowl.least;
  return first > 0 ? Math.max(0, ((losses[epoch] ?? NaN) - bowl.least) / first) : 0;
}
