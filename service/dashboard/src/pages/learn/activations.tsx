import { useState } from "preact/hooks";
import { ACTIVATIONS, slopeThrough } from "../../lesson/activations.ts";
import { dots, line } from "../../ui/plot/marks";
import { Frame } from "../../ui/plot/frame";
import { Key } from "../../ui/scatter";
import { number } from "../../words/format";
import { Slider } from "./parts/controls";
import { Section } from "./parts/section";

const INPUTS = Array.from({ length: 241 }, (_, index) => -6 + index / 20);
const LAYERS = 5;

/** The three classic activations with their slopes, at a z that moves. */
export function ActivationsSection() {
  const [z, set] = useState(2);
  const [sigmoid, tanh] = ACTIVATIONS;
  return (
    <Section
      title="Activations and their slopes"
      see={`Backpropagation multiplies by the slope at each layer: with z = ${number(z)} in each, five layers of sigmoid leave ${number(slopeThrough(LAYERS, sigmoid?.slope(z) ?? 0), 3)} of a gradient, five of tanh ${number(slopeThrough(LAYERS, tanh?.slope(z) ?? 0), 3)}, five of ReLU ${z > 0 ? "all of it" : "nothing"}.`}
    >
      <Slider label="z, what comes in" words={number(z)} value={z} low={-6} high={6} step={0.1} onChange={set} />
      <div class="columns thirds">
        {ACTIVATIONS.map(({ name, formula, slopeFormula, value, slope }) => {
          const [height, steepness] = [value(z), slope(z)];
          const reach = 1.2;
          const y: [number, number] = name === "ReLU" ? [-0.5, 6.2] : [-1.25, 1.25];
          return (
            <div key={name} class="stack tight">
              <h3>{name}</h3>
              <Frame x={[-6, 6]} y={y} xName="z" yName={formula} height={230} label={`${name}: at z = ${number(z)} it is ${number(height)} and its slope ${number(steepness)}`}>
                {(at) => (
                  <>
                    <path class="mark line dashed" style={{ "--mark": "var(--curve-3)" }} d={line(INPUTS.map((x) => [x, slope(x)]), at)} />
                    <path class="mark line" style={{ "--mark": "var(--curve-1)" }} d={line(INPUTS.map((x) => [x, value(x)]), at)} />
                    <path class="mark line" style={{ "--mark": "var(--curve-2)" }} d={line([[z - reach, height - reach * steepness], [z + reach, height + reach * steepness]], at)} />
                    <path class="mark dot large" style={{ "--mark": "var(--curve-2)" }} d={dots([[z, height]], at, "dot")} />
                  </>
                )}
              </Frame>
              <p class="small">{slopeFormula}: the slope is <strong>{number(steepness)}</strong>.</p>
            </div>
          );
        })}
      </div>
      <ul class="legend">
        <Key name="the activation" colour="--curve-1" kind="line" />
        <Key name="its slope" colour="--curve-3" kind="dashed" />
        <Key name="the tangent at z" colour="--curve-2" kind="line" />
      </ul>
      <p class="small quiet">Sigmoid gives 0 to 1 and saturates: far from 0 it hardly slopes, and at most by 1/4. Tanh gives −1 to 1 around 0. ReLU never saturates for z above 0, and is the usual choice today.</p>
    </Section>
  );
}
