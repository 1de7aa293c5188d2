import { useMemo } from "preact/hooks";
import { parametersAt, type Run } from "../../../lesson/descent.ts";
import { type Bowl, ellipse, levels, sliceOf, widened, window as windowOf } from "../../../lesson/surface.ts";
import { dots, line } from "../../../ui/plot/marks";
import { Frame } from "../../../ui/plot/frame";
import { Key } from "../../../ui/scatter";

const MOST = 3000; // points of a drawn path
const DOTTED = 80; // steps that have a dot each

/** The loss over two parameters as ellipses, with a run's path down it as far as it has gone; the rest of the way is faint. */
export function Surface({ bowl, run, done, axes, xName, yName, label, colour = "--curve-2", share = 0.8, legend = true, equal = false }: {
  bowl: Bowl;
  run: Run;
  done: number;
  axes: [number, number];
  xName: string;
  yName: string;
  label: string;
  colour?: string;
  share?: number;
  legend?: boolean;
  /** Where both parameters have the same unit, so that a round bowl has round rings. */
  equal?: boolean;
}) {
  const now = parametersAt(run, done);
  // with a third parameter the slice moves with it
  const through = bowl.optimum.length > 2 ? now.join() : "";
  const slice = useMemo(() => sliceOf(bowl, axes, now.every(Number.isFinite) ? now : bowl.optimum), [bowl, ...axes, through]);
  const way = useMemo(() => pathOf(run, axes, 0, run.steps), [run, ...axes]);
  const shown = useMemo(() => (bowl.optimum.length > 2 ? widened(windowOf(bowl, axes), way) : windowOf(bowl, axes)), [bowl, ...axes, way]);
  const gone = pathOf(run, axes, 0, done);
  const here: [number, number] = [now[axes[0]] ?? NaN, now[axes[1]] ?? NaN];
  return (
    <div class="stack tight">
      <Frame x={shown.x} y={shown.y} xName={xName} yName={yName} label={label} share={share} equal={equal}>
        {(at) => (
          <>
            {levels(slice, at.ranges).map((above, index) => <path key={index} class="ring-of-loss" d={`${line(ellipse(slice, above), at)}Z`} />)}
            <path class="mark way" style={{ "--mark": `var(${colour})` }} d={line(way, at)} />
            <path class="mark line" style={{ "--mark": `var(${colour})` }} d={line(gone, at)} />
            {done <= DOTTED && <path class="mark dot" style={{ "--mark": `var(${colour})` }} d={dots(gone, at, "dot")} />}
            <path class="mark lowest" d={dots([slice.centre], at, "cross")} />
            {isNear(at.x(here[0])) && isNear(at.y(here[1])) && <circle class="here" cx={at.x(here[0])} cy={at.y(here[1])} r={6} style={{ "--mark": `var(${colour})` }} />}
          </>
        )}
      </Frame>
      {legend && (
        <ul class="legend">
          <Key name="the path of the steps" colour={colour} kind="line" />
          <Key name="where the loss is least" colour="--text" kind="cross" />
          <li>each ring: half as far above the least loss as the next one out</li>
        </ul>
      )}
    </div>
  );
}

/** Whether a place in pixels can be on the picture: a run that diverges goes anywhere, and to no number. */
function isNear(pixels: number): boolean {
  return Math.abs(pixels) < 1e5;
}

function pathOf(run: Run, [i, j]: [number, number], from: number, to: number): [number, number][] {
  const every = Math.max(1, Math.ceil((to - from) / MOST));
  const points: [number, number][] = [];
  const put = (step: number) => points.push([run.parameters[step * run.width + i] ?? NaN, run.parameters[step * run.width + j] ?? NaN]);
  for (let step = from; step < to; step += every) put(step);
  put(to);
  return points;
}
