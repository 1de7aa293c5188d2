import { Frame, type FrameProps } from "./plot/frame";
import { extent, type Range } from "./plot/scale";
import { dots, line } from "./plot/marks";

/** Points of one kind; the shape tells kinds apart without colour. */
export interface Points {
  name: string;
  points: readonly (readonly [number, number])[];
  /** A token of colour. */
  colour?: string;
  shape?: "dot" | "ring" | "cross";
}

/** A line through given points, such as a fit or the diagonal. */
export interface Line {
  name: string;
  points: readonly (readonly [number, number])[];
  colour?: string;
  dashed?: boolean;
}

type Props = Omit<FrameProps, "x" | "y" | "children"> & { points: Points[]; lines?: Line[]; x?: Range; y?: Range; legend?: boolean };

/** Points over two numbers, with lines; each kind is one path, so that many thousands are drawn at once. */
export function Scatter({ points, lines = [], x, y, legend = true, ...frame }: Props) {
  const all = () => points.flatMap((kind) => kind.points);
  const across = x ?? extent(all().map(([value]) => value));
  const up = y ?? extent(all().map(([, value]) => value));
  const named = [...points, ...lines].length > 1;
  return (
    <div class="stack tight">
      <Frame x={across} y={up} {...frame}>
        {(at) => (
          <>
            {points.map(({ name, points: of, colour = "--curve-1", shape = "dot" }) => (
              <path key={name} class={`mark ${shape}`} style={{ "--mark": `var(${colour})` }} d={dots(of, at, shape)} />
            ))}
            {lines.map(({ name, points: of, colour = "--curve-2", dashed }) => (
              <path key={name} class={`mark line ${dashed ? "dashed" : ""}`} style={{ "--mark": `var(${colour})` }} d={line(of, at)} />
            ))}
          </>
        )}
      </Frame>
      {legend && named && (
        <ul class="legend">
          {points.map(({ name, colour = "--curve-1", shape = "dot" }) => <Key key={name} name={name} colour={colour} kind={shape} />)}
          {lines.map(({ name, colour = "--curve-2", dashed }) => <Key key={name} name={name} colour={colour} kind={dashed ? "dashed" : "line"} />)}
        </ul>
      )}
    </div>
  );
}

/** A sign of a picture with its name. */
export function Key({ name, colour, kind }: { name: string; colour: string; kind: "dot" | "ring" | "cross" | "line" | "dashed" }) {
  const at = { x: (value: number) => value, y: (value: number) => value };
  return (
    <li>
      <svg width="22" height="14" aria-hidden="true">
        {kind === "line" || kind === "dashed" ? (
          <path class={`mark line ${kind}`} style={{ "--mark": `var(${colour})` }} d="M1 7H21" />
        ) : (
          <path class={`mark ${kind}`} style={{ "--mark": `var(${colour})` }} d={dots([[11, 7]], at, kind)} />
        )}
      </svg>
      {name}
    </li>
  );
}
