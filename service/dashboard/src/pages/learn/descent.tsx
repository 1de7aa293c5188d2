import { useMemo } from "preact/hooks";
import { parametersAt, stepAfter, type Variant } from "../../lesson/descent.ts";
import { loss } from "../../lesson/neuron.ts";
import { Stats } from "../../ui/parts";
import { number } from "../../words/format";
import { type Change, type Lesson } from "./choices";
import { NumberField, OneOf } from "./parts/controls";
import { Fit } from "./parts/fit";
import { Formula } from "./formula";
import { Losses } from "./parts/losses";
import { PlayerControls, usePlayer, whereWords } from "./parts/player";
import { Rate, RateSays } from "./parts/rate";
import { Section } from "./parts/section";
import { Surface } from "./parts/surface";

const VARIANTS: { value: Variant; name: string }[] = [
  { value: "batch", name: "Batch: all rows a step" },
  { value: "mini-batch", name: "Mini-batch: some rows a step" },
  { value: "stochastic", name: "Stochastic: one row a step" },
];

/** The workbench: one run down the bowl, step by step, with its formula. */
export function DescentSection({ lesson, change }: { lesson: Lesson; change: Change }) {
  const { run, ground, choices, names, axes, sample } = lesson;
  const { train, validation } = ground.prepared;
  const player = usePlayer(run.steps, run.stepsPerEpoch, run);
  const now = parametersAt(run, player.done);
  const validated = useMemo(
    () => (validation.y.length ? run.losses.map((_, epoch) => loss(validation.x, validation.y, parametersAt(run, epoch * run.stepsPerEpoch))) : []),
    [run],
  );
  const reached = loss(train.x, train.y, now);
  const step = stepAfter(run, train.x, train.y, Math.min(player.done, run.steps - 1));
  const [xName, yName] = axisNames(lesson);
  return (
    <Section title="Gradient descent" see={`Play the run: the point goes down the rings of equal loss by the slope where it stands, and the same numbers ${sample.features.length > 1 ? "bring the predictions to the diagonal" : "turn the line"}.`}>
      <div class="stack">
        <OneOf label="Rows of a step" names={VARIANTS} chosen={choices.variant} onChoose={(variant) => change({ variant })} />
        <div class="row">
          <OneOf
            label="Inputs"
            names={[{ value: "scaled", name: "scaled" }, { value: "raw", name: "as they are" }]}
            chosen={choices.isScaled ? "scaled" : "raw"}
            onChoose={(word) => change({ isScaled: word === "scaled" })}
          />
          <NumberField label="Epochs" value={choices.epochs} low={1} high={200} whole onChange={(epochs) => change({ epochs })} />
          {choices.variant === "mini-batch" && <NumberField label="Rows in a batch" value={choices.batchSize} low={1} high={train.y.length} whole onChange={(batchSize) => change({ batchSize })} />}
        </div>
        <Rate lesson={lesson} change={change} />
        <RateSays lesson={lesson} />
      </div>
      <div class="columns">
        <Surface
          bowl={ground.bowl}
          run={run}
          done={player.done}
          axes={axes}
          equal={choices.isScaled}
          xName={xName}
          yName={yName}
          label={`Rings of equal loss over ${xName} and ${yName}. ${whereWords(player)} the neuron is at ${names.map((name, index) => `${name} = ${number(now[index])}`).join(", ")}; the loss is least at ${names.map((name, index) => `${name} = ${number(ground.bowl.optimum[index])}`).join(", ")}.`}
        />
        <Fit lesson={lesson} parameters={now} rows={player.done < run.steps ? step?.rows : undefined} />
      </div>
      <PlayerControls player={player} name="The run" />
      <Stats>
        {names.map((name, index) => (
          <div class="stat" key={name}><dt>{name} (best: {number(ground.bowl.optimum[index])})</dt><dd>{number(now[index])}</dd></div>
        ))}
        <div class="stat"><dt>training loss (least: {number(ground.bowl.least)})</dt><dd>{number(reached)}</dd></div>
        {validation.y.length > 0 && <div class="stat"><dt>validation loss</dt><dd>{number(loss(validation.x, validation.y, now))}</dd></div>}
      </Stats>
      <div class="columns wide">
        <Formula lesson={lesson} done={player.done} />
        <Losses
          epoch={player.done / run.stepsPerEpoch}
          curves={[{ name: "training", losses: run.losses, colour: "--curve-1" }, ...(validated.length ? [{ name: "validation", losses: validated, colour: "--curve-3", dashed: true }] : [])]}
        />
      </div>
      {sample.features.length > 1 && <p class="small quiet">The loss has three parameters here, and the picture two: it shows the rings at the bias as it is, so they move while b does.</p>}
    </Section>
  );
}

export function axisNames({ names, axes, sample, choices }: Lesson, isScaled = choices.isScaled): [string, string] {
  const name = (parameter: number): string => {
    const feature = sample.features[parameter];
    return feature === undefined ? "b, the bias" : `${names[parameter]} of ${feature}${isScaled ? " (scaled)" : ""}`;
  };
  return [name(axes[0]), name(axes[1])];
}
