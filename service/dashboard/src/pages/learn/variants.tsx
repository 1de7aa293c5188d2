import { useMemo } from "preact/hooks";
import { descend, parametersAt, rowsOfStep, type Variant } from "../../lesson/descent.ts";
import { lossOn } from "../../lesson/surface.ts";
import { counted, number, percent } from "../../words/format";
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
  const { ground, settings, axes } = lesson;
  const { train } = ground.prepared;
  const runs = useMemo(
    () => ALL.map((one) => ({ ...one, run: descend(train.x, train.y, { ...settings, variant: one.variant }) })),
    [ground, settings.batchSize, settings.rate, settings.epochs, settings.seed],
  );
  const epochs = Math.max(...runs.map(({ run }) => run.epochs));
  const player = usePlayer(epochs, 1, runs);
  const [xName, yName] = axisNames(lesson);
  const first = lossOn(ground.bowl, ground.bowl.optimum.map(() => 0)) - ground.bowl.least;
  return (
    <Section
      title="Three variants"
      see={`After the same ${counted(player.done, "epoch")} at η = ${number(settings.rate, 3)}, see how far each has come: more steps an epoch go farther on the same rows, and end in more of a tremble.`}
    >
      <div class="columns thirds">
        {runs.map(({ title, run, colour, variant }) => {
          const done = Math.min(player.done, run.epochs) * run.stepsPerEpoch;
          const left = (run.losses[Math.min(player.done, run.epochs)] ?? NaN) - ground.bowl.least;
          const size = rowsOfStep(train.y.length, { ...settings, variant });
          const words = run.isDiverged && player.done >= run.epochs
            ? `diverged in epoch ${run.epochs}`
            : `${counted(done, "step")} of ${counted(size, "row")}; ${left > first ? `${number(left / first, 3)} times` : percent(left / first)} of the first gap to the least loss ${left > first ? "" : "is left"}`;
          const now = parametersAt(run, done);
          return (
            <div key={variant} class="stack tight">
              <h3>{title}</h3>
              <Surface
                bowl={ground.bowl} run={run} done={done} axes={axes} xName={xName} yName={yName} colour={colour} share={0.95} legend={false}
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

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
