import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import "../styles/chart.css";
import { useEffect, useId, useMemo, useRef, useState } from "preact/hooks";
import { theme } from "../theme";
import { count, number } from "../words/format";
import { align, type Curve, rowsOf, summary } from "./plot/curves";
import { lookOf, optionsOf } from "./plot/options";

export type { Curve } from "./plot/curves";
export { Growing, type Points, thin } from "./plot/thin";

interface Given {
  /** what the picture shows, for readers of screens and above it */
  title: string;
  curves: Curve[];
  xLabel: string;
  yLabel: string;
  height?: number;
  /** "offered": a choice beside the picture; "asked": the same, chosen at first */
  log?: "never" | "offered" | "asked";
}

const ROWS = 40;

/** Named curves over one axis, drawn again as points come; the same in words and as a table. */
export function Chart({ title, curves, xLabel, yLabel, height = 280, log = "never" }: Given) {
  const id = useId();
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [isLog, setLog] = useState(log === "asked");
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [at, setAt] = useState<number | null>(null);
  const [isZoomed, setZoomed] = useState(false);
  const dark = useDark();
  const data = useMemo(() => align(curves, isLog), [curves, isLog]);
  const shape = curves.map(({ name, colour, isPoints, x }) => [name, colour, isPoints, x.length === 1].join()).join("|");

  useEffect(() => {
    const place = box.current;
    if (!place) return;
    const options = optionsOf({ curves, hidden, isLog, width: Math.max(place.clientWidth, 100), height, xLabel, onCursor: setAt, onZoom: setZoomed });
    const made = new uPlot(options, data, place);
    plot.current = made;
    setZoomed(false);
    const sizes = new ResizeObserver(() => made.setSize({ width: Math.max(place.clientWidth, 100), height }));
    sizes.observe(place);
    return () => {
      sizes.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [shape, isLog, hidden, height, xLabel, dark, theme.chosen.value]);

  useEffect(() => {
    const made = plot.current;
    if (!made || made.data === data) return;
    const { min, max } = made.scales.x ?? {};
    if (isZoomed && min !== undefined && max !== undefined) {
      made.setData(data, false);
      made.setScale("x", { min, max });
    } else made.setData(data);
  }, [data]);

  const left = isLog ? curves.reduce((sum, { y }) => sum + y.filter((value) => value !== null && value <= 0).length, 0) : 0;
  return (
    <figure class="chart stack tight">
      <figcaption class="row apart">
        <strong id={id}>{title}</strong>
        <span class="row">
          {isZoomed && <button type="button" class="button little" onClick={() => { setZoomed(false); plot.current?.setData(plot.current.data); }}>Show all of it</button>}
          {log !== "never" && (
            <label class="check small"><input type="checkbox" checked={isLog} onChange={(event) => setLog(event.currentTarget.checked)} />Logarithmic scale</label>
          )}
        </span>
      </figcaption>
      <Legend curves={curves} data={data} at={at} hidden={hidden} onHide={setHidden} xLabel={xLabel} />
      <span class="quiet small">{yLabel}</span>
      <div class="chart-plot" ref={box} role="img" aria-label={`${title}. ${inWords(curves, xLabel)}`} />
      {left > 0 && <span class="quiet small">{count(left)} points at or below zero have no place on a logarithmic scale.</span>}
      <Numbers curves={curves} xLabel={xLabel} title={title} />
    </figure>
  );
}

/** Whether the system asks for dark colours, also when that changes. */
function useDark(): boolean {
  const [query] = useState(() => window.matchMedia("(prefers-color-scheme: dark)"));
  const [isDark, set] = useState(query.matches);
  useEffect(() => {
    const onChange = () => set(query.matches);
    query.addEventListener("change", onChange);
    return () => query.removeEventListener("change", onChange);
  }, [query]);
  return isDark;
}

function inWords(curves: Curve[], xLabel: string): string {
  const told = curves.map((curve) => {
    const found = summary(curve);
    if (!found) return `${curve.name}: no values yet.`;
    const where = (point: [number, number]) => `${number(point[1])} at ${xLabel.toLowerCase()} ${number(point[0])}`;
    return `${curve.name}: from ${where(found.first)} to ${where(found.last)}; lowest ${where(found.least)}, highest ${where(found.most)}.`;
  });
  return told.join(" ");
}

/** The names of the curves with their value under the pointer, or their last; each can be hidden. */
function Legend({ curves, data, at, hidden, onHide, xLabel }: {
  curves: Curve[];
  data: ReturnType<typeof align>;
  at: number | null;
  hidden: ReadonlySet<string>;
  onHide: (hidden: ReadonlySet<string>) => void;
  xLabel: string;
}) {
  const [x, ...columns] = data;
  const place = at !== null && at < x.length ? at : null;
  return (
    <div class="row chart-legend small">
      {curves.map((curve, which) => {
        const { token, dash } = lookOf(curve, which);
        const value = place === null ? (summary(curve)?.last[1] ?? null) : (columns[which]?.[place] ?? null);
        const isShown = !hidden.has(curve.name);
        const onClick = () => {
          const next = new Set(hidden);
          if (isShown) next.add(curve.name);
          else next.delete(curve.name);
          onHide(next);
        };
        return (
          <button type="button" key={curve.name} class="chart-name" aria-pressed={isShown} onClick={onClick} disabled={curves.length === 1}>
            <svg width="26" height="10" aria-hidden="true">
              {curve.isPoints ? <circle cx="13" cy="5" r="4" style={{ fill: `var(${token})` }} /> : <line x1="0" y1="5" x2="26" y2="5" stroke-width="2.5" stroke-dasharray={dash.join(" ")} style={{ stroke: `var(${token})` }} />}
            </svg>
            <span class="chart-word">{curve.name}</span> <span class="number">{number(value)}</span>
          </button>
        );
      })}
      <span class="quiet">{place === null ? "" : `${xLabel} ${number(x[place])}`}</span>
    </div>
  );
}

/** The same as a table, made when it is opened. */
function Numbers({ curves, xLabel, title }: { curves: Curve[]; xLabel: string; title: string }) {
  const [isOpen, set] = useState(false);
  const rows = isOpen ? rowsOf(curves, ROWS) : [];
  return (
    <details class="small" onToggle={(event) => set(event.currentTarget.open)}>
      <summary>As a table<span class="visually-hidden">: {title}</span></summary>
      {isOpen && (
        <div class="scroll" tabIndex={0} role="region" aria-label={`${title}, as a table`}>
          <table>
            <thead><tr><th scope="col" class="number">{xLabel}</th>{curves.map(({ name }) => <th scope="col" class="number" key={name}>{name}</th>)}</tr></thead>
            <tbody>
              {rows.map((row, place) => (
                <tr key={place}><th scope="row" class="number">{number(row.x)}</th>{row.values.map((value, which) => <td class="number" key={which}>{number(value)}</td>)}</tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}
