import { line } from "../../../ui/plot/marks";
import { Frame } from "../../../ui/plot/frame";
import { extent, powerTicks } from "../../../ui/plot/scale";
import { Key } from "../../../ui/scatter";
import { number } from "../../../words/format";

type Pair = [number, number];

/** Losses by epoch on a logarithmic scale, a curve each, and a line at the epoch that is looked at. */
export function Losses({ curves, epoch, height = 240 }: { curves: { name: string; losses: number[]; colour: string; dashed?: boolean }[]; epoch: number; height?: number }) {
  const drawn = curves.map((curve) => ({ ...curve, points: curve.losses.map((loss, at): Pair => [at, Math.log10(loss)]) }));
  const last = Math.max(1, ...curves.map(({ losses }) => losses.length - 1));
  const y = extent(drawn.flatMap(({ points }) => points.map(([, power]) => power)), 0.06);
  const label = curves.map(({ name, losses }) => `${name} loss: ${number(losses[0])} at the start, ${number(losses[Math.round(epoch)] ?? losses.at(-1))} at epoch ${Math.round(epoch)}, ${number(losses.at(-1))} at the end`).join("; ");
  return (
    <div class="stack tight">
      <Frame x={[0, last]} y={y} xName="epoch" yName="loss (logarithmic)" yTicks={powerTicks(y, 5)} yWords={(power) => number(Number((10 ** power).toPrecision(6)), 3)} label={label} height={height}>
        {(at) => (
          <>
            <path class="cursor" d={`M${at.x(epoch)} ${at.top}V${at.bottom}`} />
            {drawn.map(({ name, points, colour, dashed }) => <path key={name} class={`mark line ${dashed ? "dashed" : ""}`} style={{ "--mark": `var(${colour})` }} d={line(points, at)} />)}
          </>
        )}
      </Frame>
      <ul class="legend">{curves.map(({ name, colour, dashed }) => <Key key={name} name={name} colour={colour} kind={dashed ? "dashed" : "line"} />)}</ul>
    </div>
  );
}
