import { useState } from "preact/hooks";
import { counted, number } from "../../words/format";
import type { Sum } from "./answers";
import { waterfall } from "./waterfall";

const MOST = 12;

/**
 * From the average row's answer to this row's: a bar for what each feature adds, beginning where the one before ended.
 * `unit` says what is summed: the target itself (null), log-odds of one class, or scores of several.
 */
export function Contributions({ sum, total, unit, name }: { sum: Sum; total: number | null; unit: "odds" | "classes" | null; name: string }) {
  const [isAll, showAll] = useState(false);
  const { start, steps, end, low, high } = waterfall(sum, isAll ? Infinity : MOST);
  const width = high - low || 1;
  const place = (from: number, to: number) => ({ insetInlineStart: `${((Math.min(from, to) - low) / width) * 100}%`, width: `${Math.max((Math.abs(to - from) / width) * 100, 0.5)}%` });
  const isClipped = total !== null && Math.abs(total - end) > 1e-6 * Math.max(1, Math.abs(total), Math.abs(end));
  return (
    <div class="stack tight">
      <p class="quiet small">{WORDS[unit ?? "target"](name)}</p>
      <table class="bars">
        <thead><tr><th scope="col">Feature</th><th scope="col" class="number">Adds</th><th scope="col"><span class="visually-hidden">As a bar</span></th></tr></thead>
        <tbody>
          <tr>
            <th scope="row">the average row</th>
            <td class="number">{number(start)}</td>
            <td class="bar-cell" aria-hidden="true"><div class="track"><div class="bar mark" style={place(start, start)} /></div></td>
          </tr>
          {steps.map((step) => (
            <tr key={step.name ?? ""}>
              <th scope="row">{step.name !== null ? <span class="clamp" title={step.name}>{step.name}</span> : <em>{counted(step.features, "other feature")}</em>}</th>
              <td class="number">{step.value > 0 ? "+" : ""}{number(step.value)}</td>
              <td class="bar-cell" aria-hidden="true"><div class="track"><div class={`bar ${step.value < 0 ? "less" : "more"}`} style={place(step.from, step.to)} /></div></td>
            </tr>
          ))}
          <tr class="sum">
            <th scope="row">{isClipped ? "their sum" : unit === null ? "the prediction" : "the sum"}</th>
            <td class="number">{number(end)}</td>
            <td class="bar-cell" aria-hidden="true"><div class="track"><div class="bar mark" style={place(end, end)} /></div></td>
          </tr>
        </tbody>
      </table>
      {isClipped && <p class="small">The prediction is kept within the range of the target in training: {number(total)}.</p>}
      {sum.added.length > MOST && <div><button type="button" class="button plain" onClick={() => showAll(!isAll)}>{isAll ? "Show what adds most" : `Show all ${counted(sum.added.length, "feature")}`}</button></div>}
    </div>
  );
}

const WORDS = {
  target: (name: string) => `How far each value moves ${name} from what the model says of the average training row.`,
  odds: (name: string) => `In log-odds of “${name}”, ln(p / (1 − p)): above 0 the class is more probable than not.`,
  classes: (name: string) => `The score of “${name}”: the class with the largest score is the most probable.`,
};
