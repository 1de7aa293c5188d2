import type { Schema } from "../../api/client";
import { href } from "../../router";
import { Badge } from "../../ui/parts";
import { Histogram, Part, Shares } from "../../ui/histogram";
import { NONE, count, number } from "../../words/format";
import { timeOf } from "./cells";

type ProfileColumn = Schema<"ProfileColumn">;
const PREDICTABLE = new Set(["numeric", "boolean", "categorical"]);

interface Given {
  of: ProfileColumn;
  rows: number;
  /** undefined: no column was chosen; null: it has none with this one. */
  correlation: number | null | undefined;
  isChosen: boolean;
  /** Its id, where a model may be trained to predict the column; else empty. */
  dataset: string;
}

/** A row of the profile. */
export function Column({ of, rows, correlation, isChosen, dataset }: Given) {
  return (
    <tr>
      <th scope="row" class="name">
        {of.name}
        <div class="row">
          <Badge>{of.kind}</Badge>
          {dataset && PREDICTABLE.has(of.kind) && of.distinct > 1 && <a class="small target" href={href("/train", { dataset, target: of.name })} aria-label={`Predict it: ${of.name}`}>Predict it</a>}
        </div>
        {of.notes?.length ? (
          <details class="small"><summary>{of.notes.length === 1 ? "1 note" : `${of.notes.length} notes`}</summary>{of.notes.map((note) => <p class="quiet" key={note}>{note}</p>)}</details>
        ) : null}
      </th>
      {correlation !== undefined && <td>{isChosen ? <span class="quiet">itself</span> : <Correlation of={correlation} />}</td>}
      <td><Spread of={of} /></td>
      <td><Part share={rows ? of.nulls / rows : 0} /><span class="quiet small">{of.nulls > 0 && count(of.nulls)}</span></td>
      <td class="number">{of.distinct_is_exact === false && "≈ "}{count(of.distinct)}</td>
      <td class="small"><Figures of={of} /></td>
    </tr>
  );
}

function Spread({ of }: { of: ProfileColumn }) {
  if (of.count === 0) return <span class="quiet">every cell is missing</span>;
  if (of.histogram?.counts.length) return <Histogram bins={of.histogram} label={of.name} />;
  if (of.kind === "text" && of.distinct === of.count) return <span class="quiet">no two cells are the same</span>;
  return of.top?.length ? <Shares top={of.top} of={of.count} /> : <Order of={of} />;
}

/** Of times: whether the rows are in their order. */
function Order({ of: { rises = 0, falls = 0 } }: { of: ProfileColumn }) {
  if (rises + falls === 0) return <>{NONE}</>;
  return <span class="quiet">{falls === 0 ? "in order, from early to late" : rises === 0 ? "in order, from late to early" : "in no order"}</span>;
}

function Figures({ of }: { of: ProfileColumn }) {
  if (of.kind === "datetime" && of.minimum) return <>{timeOf(String(of.minimum))} to {timeOf(String(of.maximum))}</>;
  if (typeof of.minimum === "number" && typeof of.maximum === "number") {
    const median = of.quantiles?.["0.5"];
    return (
      <dl class="facts">
        <dt>range</dt><dd>{number(of.minimum)} to {number(of.maximum)}</dd>
        {of.mean !== null && of.mean !== undefined && <><dt>mean</dt><dd>{number(of.mean)} ± {number(of.standard_deviation)}</dd></>}
        {typeof median === "number" && <><dt>median</dt><dd>{number(median)}</dd></>}
      </dl>
    );
  }
  if (of.kind === "text" && of.mean_length) return <>{number(of.mean_length, 3)} characters on average</>;
  return <>{NONE}</>;
}

const HALF = 50;

/** Pearson's r from −1 to 1: a bar to the left or to the right of the middle, beside its number. */
function Correlation({ of }: { of: number | null }) {
  if (of === null) return <span class="quiet">{NONE}</span>;
  const size = Math.abs(of) * HALF;
  return (
    <span class="correlation">
      <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
        <rect x={of < 0 ? HALF - size : HALF} y={0} width={Math.max(size, 0.5)} height={10} class={of < 0 ? "negative" : ""} />
        <line x1={HALF} x2={HALF} y1={0} y2={10} />
      </svg>
      <span class="number">{number(of, 3)}</span>
    </span>
  );
}
