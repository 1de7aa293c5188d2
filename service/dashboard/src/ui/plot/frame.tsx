import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { number } from "../../words/format";
import "../../styles/plot.css";
import { linear, type Range, type Scale, ticks } from "./scale";
import { useWidth } from "./width";

/** Where a drawing's numbers stand, in pixels of its box. */
export interface At {
  x: Scale;
  y: Scale;
  left: number;
  right: number;
  top: number;
  bottom: number;
  /** What the axes reach over. */
  ranges: { x: Range; y: Range };
}

export interface FrameProps {
  x: Range;
  y: Range;
  xName: string;
  yName: string;
  /** The same that the picture shows, in words. */
  label: string;
  /** In pixels, or as a share of the width ("0.8 of it"). */
  height?: number;
  share?: number;
  /** Whether a unit is as long upwards as across; the axes then reach farther where that takes it. */
  equal?: boolean;
  /** Where the ticks of the upright axis stand, if not at round numbers. */
  yTicks?: number[];
  /** What is written at a tick. */
  xWords?: (value: number) => string;
  yWords?: (value: number) => string;
  children: (at: At) => ComponentChildren;
  class?: string;
}

const SIGN = 6.8; // pixels that a sign of an axis takes

/** Axes with their names around a drawing that is as wide as its place; what is drawn is cut off at the axes. */
export function Frame({ x, y, xName, yName, label, height = 300, share, equal, yTicks: given, xWords = number, yWords = number, children, class: name = "" }: FrameProps) {
  const [box, width] = useWidth<HTMLDivElement>();
  const clip = `cut-${useId().replace(/[^\w-]/g, "")}`;
  const tall = share ? Math.max(200, Math.min(width * share, 460)) : height;
  const upright = (range: Range) => given ?? ticks(range, Math.max(2, Math.round(tall / 50)));
  const left = 10 + SIGN * Math.max(2, ...upright(y).map((tick) => yWords(tick).length));
  const edges = { left, right: Math.max(left + 10, width - 14), top: 26, bottom: tall - 42 };
  const ranges = equal ? evened(x, y, (edges.right - edges.left) / (edges.bottom - edges.top)) : { x, y };
  const yTicks = upright(ranges.y);
  const at: At = { ...edges, ranges, x: linear(ranges.x, [edges.left, edges.right]), y: linear(ranges.y, [edges.bottom, edges.top]) };
  const xTicks = spread(ticks(ranges.x, Math.max(3, Math.round((edges.right - left) / 70))), at, xWords);
  return (
    <div class={`plot ${name}`} ref={box}>
      {width > 0 && (
        <svg width={width} height={tall} viewBox={`0 0 ${width} ${tall}`} role="img" aria-label={label}>
          <defs>
            <clipPath id={clip}>
              <rect x={at.left} y={at.top} width={at.right - at.left} height={at.bottom - at.top} />
            </clipPath>
          </defs>
          <rect class="plot-ground" x={at.left} y={at.top} width={at.right - at.left} height={at.bottom - at.top} />
          <g class="plot-grid">
            {xTicks.map((tick) => <path key={tick} d={`M${at.x(tick)} ${at.top}V${at.bottom}`} />)}
            {yTicks.map((tick) => <path key={tick} d={`M${at.left} ${at.y(tick)}H${at.right}`} />)}
          </g>
          <g clip-path={`url(#${clip})`}>{children(at)}</g>
          <g class="plot-words">
            {xTicks.map((tick) => <text key={tick} x={at.x(tick)} y={at.bottom + 16} text-anchor="middle">{xWords(tick)}</text>)}
            {yTicks.map((tick) => <text key={tick} x={at.left - 6} y={at.y(tick) + 4} text-anchor="end">{yWords(tick)}</text>)}
            <text class="plot-name" x={at.right} y={tall - 6} text-anchor="end">{cut(xName, width)}</text>
            <text class="plot-name" x={4} y={14}>{cut(yName, width)}</text>
          </g>
        </svg>
      )}
    </div>
  );
}

/** Of the ticks, so many that their words do not touch. */
function spread(all: number[], at: At, words: (value: number) => string): number[] {
  const longest = Math.max(1, ...all.map((tick) => words(tick).length)) * SIGN + 12;
  const every = Math.ceil((longest * all.length) / Math.max(1, at.right - at.left));
  return all.filter((_, index) => index % Math.max(1, every) === 0);
}

/** Ranges of which one is made wider about its middle, so that both have the same units on a box so much wider than high. */
function evened(x: Range, y: Range, aspect: number): { x: Range; y: Range } {
  const [across, up] = [x[1] - x[0], y[1] - y[0]];
  const wider = (range: Range, span: number): Range => [(range[0] + range[1] - span) / 2, (range[0] + range[1] + span) / 2];
  return across < up * aspect ? { x: wider(x, up * aspect), y } : { x, y: wider(y, across / aspect) };
}

function cut(name: string, width: number): string {
  const room = Math.max(8, Math.floor(width / 8.6) - 2);
  return name.length > room ? `${name.slice(0, room - 1)}…` : name;
}
