import { useMemo, useState } from "preact/hooks";
import { loss, predict } from "../../lesson/neuron.ts";
import { bracketed, number } from "../../words/format";
import type { Lesson } from "./choices";
import { Slider } from "./parts/controls";
import { Fit } from "./parts/fit";
import { Section } from "./parts/section";

/** The neuron by hand: its parameters on tracks, its line, its loss. */
export function NeuronSection({ lesson }: { lesson: Lesson }) {
  const { sample, names, ground } = lesson;
  const { train } = ground.prepared;
  const { bowl } = ground;
  const start = useMemo(() => bowl.optimum.map((best, index) => (index === bowl.optimum.length - 1 ? best : 0)), [bowl]);
  const [state, set] = useState({ of: bowl, now: start });
  const now = state.of === bowl ? state.now : start;
  const put = (next: number[]) => set({ of: bowl, now: next });
  const reach = useMemo(() => bowl.optimum.map((best, index) => Math.abs(best) * 2 || 2 * Math.sqrt((2 * bowl.least) / (bowl.hessian[index]?.[index] || 1)) || 1), [bowl]);
  const mse = loss(train.x, train.y, now);
  const first = train.x[0] ?? [];
  const terms = first.map((value, index) => `${number(now[index])} · ${bracketed(value)}`).join(" + ");
  return (
    <Section
      title="The linear neuron"
      see={`Move the parameters until the errors are as small as you can make them: the least mean squared error of any ${sample.features.length > 1 ? "plane" : "line"} on these ${train.y.length} training rows is ${number(bowl.least)}.`}
    >
      <p class="formula">ŷ = {sample.features.map((_, index) => `${names[index]}·x${sample.features.length > 1 ? "₁₂"[index] : ""} + `)}b</p>
      <div class="columns">
        <Fit lesson={lesson} parameters={now} withErrors />
        <div class="stack">
          {names.map((name, index) => (
            <Slider
              key={name}
              label={index < sample.features.length ? `${name}, the weight of ${sample.features[index]}${lesson.choices.isScaled ? " (scaled)" : ""}` : "b, the bias"}
              words={number(now[index])}
              value={now[index] ?? 0}
              low={-(reach[index] ?? 1)}
              high={reach[index] ?? 1}
              step={(reach[index] ?? 1) / 200}
              onChange={(value) => put(now.map((old, at) => (at === index ? value : old)))}
            />
          ))}
          <div class="row">
            <button type="button" class="button little" onClick={() => put([...bowl.optimum])}>Put the best</button>
            <button type="button" class="button little" onClick={() => put(names.map(() => 0))}>Put all to 0</button>
          </div>
          <p>The first training row: ŷ = {terms} + {bracketed(now.at(-1) ?? 0)} = <strong>{number(predict(first, now))}</strong>, and y is {number(train.y[0])}.</p>
          <p aria-live="polite">Mean squared error: <strong>{number(mse)}</strong>{mse > bowl.least * (1 + 1e-9) && bowl.least > 0 ? `, ${number(mse / bowl.least, 3)} times the least` : ", the least there is"}.</p>
        </div>
      </div>
    </Section>
  );
}
