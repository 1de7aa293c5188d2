import type uPlot from "uplot";
import { colour } from "../../theme";
import { number } from "../../words/format";
import { evenTicks, logTicks, span } from "./axes";
import type { Curve } from "./curves";

/** Lines are told apart also without colours: four patterns, in the order of the colours. */
export const DASHES: readonly (readonly number[])[] = [[], [7, 4], [2, 3], [10, 4, 2, 4]];

/** The colour and the pattern of a curve: the theme has four colours; further curves take them again with another pattern. */
export function lookOf(curve: Curve, place: number): { token: string; dash: readonly number[] } {
  const which = (curve.colour ?? place + 1) - 1;
  return { token: `--curve-${(which % 4) + 1}`, dash: DASHES[(which + Math.floor(which / 4)) % 4] ?? [] };
}

export interface Wanted {
  curves: Curve[];
  hidden: ReadonlySet<string>;
  isLog: boolean;
  width: number;
  height: number;
  xLabel: string;
  onCursor: (at: number | null) => void;
  onZoom: (isZoomed: boolean) => void;
}

/** What uPlot is asked to draw; made anew when curves, scale or colours change, and not for new points. */
export function optionsOf({ curves, hidden, isLog, width, height, xLabel, onCursor, onZoom }: Wanted): uPlot.Options {
  const [line, quiet, ground] = [colour("--line"), colour("--quiet"), colour("--card")];
  const strokes = curves.map((curve, place) => colour(lookOf(curve, place).token));
  const font = `12px ${getComputedStyle(document.documentElement).fontFamily}`;
  const axis = { stroke: quiet, font, labelFont: font, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1, size: 5 } };
  return {
    width,
    height,
    padding: [8, 28, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      points: { size: 9, width: 0, fill: (_, which) => strokes[which - 1] ?? quiet },
      drag: { x: true, y: false },
      bind: { dblclick: (_, __, inner) => (event) => { inner(event); onZoom(false); return null; } },
    },
    scales: {
      x: { time: false, range: (_, low, high) => (low === high ? [low - 1, low + 1] : [low, high]) },
      y: { distr: isLog ? 3 : 1, range: (_, low, high) => span(low, high, isLog) },
    },
    axes: [
      { ...axis, label: xLabel, labelSize: 20, size: 30, space: 80, values: (_, splits) => splits.map((value) => number(value)) },
      {
        ...axis,
        splits: (_, __, low, high) => (isLog ? logTicks : evenTicks)(low, high, Math.max(3, Math.floor(height / 40))),
        filter: (_, splits) => splits,
        values: (_, splits) => splits.map((value) => number(value)),
        size: (self, values) => {
          const before = self.ctx.font;
          self.ctx.font = font;
          const longest = Math.max(0, ...(values ?? []).map((text) => self.ctx.measureText(text).width));
          self.ctx.font = before;  // uPlot remembers which one it has set, and would not set it again
          return Math.ceil(longest) + 16;
        },
      },
    ],
    series: [
      {},
      ...curves.map((curve, place): uPlot.Series => {
        const { dash } = lookOf(curve, place);
        const stroke = strokes[place] ?? quiet;
        return {
          label: curve.name,
          show: !hidden.has(curve.name),
          stroke,
          width: curve.isPoints ? 0 : 2,
          dash: [...dash],
          points: { show: curve.isPoints ? true : curve.x.length === 1, size: 6, stroke, fill: curve.isPoints ? stroke : ground },
        };
      }),
    ],
    hooks: {
      setCursor: [(self) => onCursor(self.cursor.idx ?? null)],
      setSelect: [(self) => { if (self.select.width > 0) onZoom(true); }],
    },
  };
}
