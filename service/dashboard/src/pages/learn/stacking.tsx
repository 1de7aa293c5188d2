import { useState } from "preact/hooks";
import { ACTIVATIONS } from "../../lesson/activations.ts";
import { apply, type Layer, product, through } from "../../lesson/stacking.ts";
import { line } from "../../ui/plot/marks";
import { Frame } from "../../ui/plot/frame";
import { extent } from "../../ui/plot/scale";
import { Key } from "../../ui/scatter";
import { bracketed, number } from "../../words/format";
import { OneOf, Slider } from "./parts/controls";
import { Section } from "./parts/section";

const BETWEEN = ["nothing", ...ACTIVATIONS.map(({ name }) => name)] as const;
type Between = (typeof BETWEEN)[number];
type Pair = [number, number];

const NAMES = ["W₁, first unit", "W₁, second unit", "b₁, first unit", "b₁, second unit", "W₂ of the first", "W₂ of the second", "b₂"];
const INPUTS = Array.from({ length: 121 }, (_, index) => -3 + index / 20);

/** A layer of two units and one upon it, x to ŷ; and the one layer that they are. */
export function StackingSection() {
  const [values, set] = useState([1.2, -0.8, 0.6, 0.4, 1, -1.5, -0.2]);
  const [between, setBetween] = useState<Between>("nothing");
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0] = values;
  const first: Layer = { weights: [[a], [b]], biases: [c, d] };
  const second: Layer = { weights: [[e, f]], biases: [g] };
  const single = product(first, second);
  const bend = ACTIVATIONS.find(({ name }) => name === between)?.value;
  const stacked = INPUTS.map((x): Pair => [x, through(first, second, [x], bend)[0] ?? 0]);
  const one = INPUTS.map((x): Pair => [x, apply(single, [x])[0] ?? 0]);
  const apart = Math.max(...stacked.map(([, y], index) => Math.abs(y - (one[index]?.[1] ?? 0))));
  const [weight, bias] = [single.weights[0]?.[0] ?? 0, single.biases[0] ?? 0];
  return (
    <Section
      title="Two linear layers are one"
      see={
        bend
          ? `With ${between} between them the two layers bend: at some x they are ${number(apart, 3)} away from the single layer, which stays straight.`
          : "Move any of the seven numbers: without anything between them, the two layers and the single one give the same line. Then put a ReLU between."
      }
    >
      <OneOf label="Between the layers" names={BETWEEN.map((name) => ({ value: name, name }))} chosen={between} onChoose={setBetween} />
      <div class="columns">
        <div class="stack tight">
          <Frame x={[-3, 3]} y={extent([...stacked, ...one].map(([, y]) => y), 0.1)} xName="x" yName="ŷ" share={0.7} label={`Two layers with ${between} between them, and the single layer ŷ = ${number(weight)}·x + ${number(bias)}: from x = −3 to 3 they are at most ${number(apart, 3)} apart`}>
            {(at) => (
              <>
                <path class="mark line under" style={{ "--mark": "var(--curve-1)" }} d={line(one, at)} />
                <path class="mark line dashed" style={{ "--mark": "var(--curve-2)" }} d={line(stacked, at)} />
              </>
            )}
          </Frame>
          <ul class="legend">
            <Key name="the single layer" colour="--curve-1" kind="line" />
            <Key name={`two layers, ${between} between`} colour="--curve-2" kind="dashed" />
          </ul>
          <p class="formula">
            W₂W₁ = {bracketed(e)}·{bracketed(a)} + {bracketed(f)}·{bracketed(b)} = <strong>{number(weight)}</strong>
            <br />
            W₂b₁ + b₂ = {bracketed(e)}·{bracketed(c)} + {bracketed(f)}·{bracketed(d)} + {bracketed(g)} = <strong>{number(bias)}</strong>
            <br />
            {bend ? `W₂ ${between}(W₁x + b₁) + b₂ is no (W₂W₁)x + …` : `W₂(W₁x + b₁) + b₂ = ${number(weight)}·x + ${bracketed(bias)}`}
          </p>
        </div>
        <div class="stack tight">
          {NAMES.map((name, index) => (
            <Slider key={name} label={name} words={number(values[index])} value={values[index] ?? 0} low={-2} high={2} step={0.1} onChange={(value) => set(values.map((old, at) => (at === index ? value : old)))} />
          ))}
        </div>
      </div>
    </Section>
  );
}
