import { useMemo } from "preact/hooks";
import { descend, parametersAt, type Run, rowsOfStep, type Variant } from "../../lesson/descent.ts";
import { lossOn } from "../../lesson/surface.ts";
import { counted, number, shareOf } from "../../words/format";
import type { Lesson } from "./choices";
import { axisNames } from "./descent";
import { PlayerControls, usePlayer } from "./parts/player";
import { Section } from "./parts/section";
import { Surface } from "./parts/surface";

const ALL: { variant: Variant; title: string; colour: string }[] = [
  { variant: "batch", title: "Batch", colour: "--curve-2" },
  { variant: "mini-batch", title: "Mini-batch", colour: "--curve-4" },
  { variant: "stochastic", title: "Stochastic", colour: "--curve-3" },
];

/** The same rows, rate and epochs for all three, side by side. */
export function VariantsSection({ lesson }: { lesson: Lesson }) {
  const { ground, settings, axes, choices } = lesson;
  const { train } = ground.prepared;
  const runs = useMemo(
    () => ALL.map((one) => ({ ...one, run: descend(train.x, train.y, { ...settings, variant: one.variant }) })),
    [ground, settings.batchSize, settings.rate, settings.epochs, settings.seed],
  );
  const epochs = Math.max(...runs.map(({ run }) => run.epochs));
  const player = usePlayer(epochs, 1, runs);
  const [xName, yName] = axisNames(lesson);
  const first = lossOn(ground.bowl, ground.bowl.optimum.map(() => 0)) - ground.bowl.least;
  const nearest = runs.reduce((best, one) => (lossAfter(one.run, player.done) < lossAfter(best.run, player.done) ? one : best)).title.toLowerCase();
  return (
    <Section
      title="Three variants"
      see={`Step through the epochs: those that make more steps are usually ahead at first, and later kept from the bottom by their trembling. After ${counted(player.done, "epoch")} at η = ${number(settings.rate, 3)}, ${nearest} is nearest to the least loss.`}
    >
      <div class="columns thirds">
        {runs.map(({ title, run, colour, variant }) => {
          const done = Math.min(player.done, run.epochs) * run.stepsPerEpoch;
          const left = lossAfter(run, player.done) - ground.bowl.least;
          const size = rowsOfStep(train.y.length, { ...settings, variant });
          const words = run.isDiverged && player.done >= run.epochs
            ? `diverged in epoch ${run.epochs}`
            : `${counted(done, "step")} of ${counted(size, "row")}; ${left > first ? `${number(left / first, 3)} times` : shareOf(left / first)} of the first gap to the least loss ${left > first ? "" : "is left"}`;
          const now = parametersAt(run, done);
          return (
            <div key={variant} class="stack tight">
              <h3>{title}</h3>
              <Surface
                bowl={ground.bowl} run={run} done={done} axes={axes} xName={xName} yName={yName} colour={colour} share={0.95} legend={false} equal={choices.isScaled}
                label={`${title} descent after ${counted(player.done, "epoch")}: ${words}; it is at ${xName} = ${number(now[axes[0]])} and ${yName} = ${number(now[axes[1]])}.`}
              />
              <p class="small">{capital(words)}.</p>
            </div>
          );
        })}
      </div>
      <PlayerControls player={player} name="All three" />
    </Section>
  );
}

/** Infinity where the run had diverged by then. */
function lossAfter(run: Run, epoch: number): number {
  const found = run.losses[Math.min(epoch, run.epochs)] ?? NaN;
  return Number.isFinite(found) ? found : Infinity;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
