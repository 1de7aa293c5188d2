import { useMemo, useState } from "preact/hooks";
import { leakOf, slipped } from "../../lesson/leakage.ts";
import { dots, line } from "../../ui/plot/marks";
import { Frame } from "../../ui/plot/frame";
import { extent } from "../../ui/plot/scale";
import { Key } from "../../ui/scatter";
import { counted, number } from "../../words/format";
import { type Change, type Lesson, settingsOf } from "./choices";
import { NumberField, Slider } from "./parts/controls";
import { Section } from "./parts/section";

const LANES = ["test", "validation", "train"] as const;
const FEW = 8; // rows named by number

/** Which rows train, validate and test; and what a scaler that saw all of them would know. */
export function RowsSection({ lesson, change }: { lesson: Lesson; change: Change }) {
  const { sample, choices } = lesson;
  const { division } = choices;
  const { parts } = lesson.grounds.scaled.prepared;
  const [times, setTimes] = useState(1);
  const settings = settingsOf({ ...choices, isScaled: true });
  const slip = parts.test[0];
  const numbers = useMemo(() => (slip === undefined ? sample : slipped(sample, slip, 0, times)), [sample, slip, times]);
  const leak = useMemo(() => leakOf(numbers, division, settings), [numbers, division, ...Object.values(settings)]);
  const { honest, leaky } = leak;
  const values = (lane: (typeof LANES)[number]): [number, number][] => parts[lane].map((row, index) => [numbers.x[row]?.[0] ?? 0, LANES.indexOf(lane) + ((index * 0.618) % 1 - 0.5) * 0.5]);
  const feature = sample.features[0] ?? "";
  const spread = (honest.scaler.scales[0] ?? 1) / (leaky.scaler.scales[0] ?? 1);
  const of = (name: string): string => (sample.features.length > 1 ? ` of ${name}` : "");
  const set = (changes: Partial<typeof division>) => change({ division: { ...division, ...changes } });
  return (
    <Section
      title="Which rows train, validate and test"
      see={
        <>
          A scaler is fitted on the training rows alone. Had it seen all rows, the training rows' {feature} would have a mean of {number(leak.trainMeans[0], 3)} and a standard deviation of {number(spread, 4)} after it, in place of 0 and 1:
          that much of the other rows would have leaked into training. Make a slip in one test row and watch who notices.
        </>
      }
    >
      <div class="row">
        <NumberField label="Validate, %" value={Math.round(division.validation * 100)} low={0} high={45} whole onChange={(share) => set({ validation: share / 100 })} />
        <NumberField label="Test, %" value={Math.round(division.test * 100)} low={0} high={45} whole onChange={(share) => set({ test: share / 100 })} />
        <button type="button" class="button little" onClick={() => set({ seed: division.seed + 1 })}>Shuffle again (seed {division.seed})</button>
      </div>
      {slip !== undefined && (
        <Slider label={`A slip in test row ${slip + 1}: its ${feature} times`} words={`${number(times)}, so ${number(numbers.x[slip]?.[0])}`} value={times} low={1} high={20} step={0.5} onChange={setTimes} />
      )}
      <Frame
        x={extent(numbers.x.map((row) => row[0] ?? 0))} y={[-0.6, 2.6]} xName={feature} yName="rows that" height={250}
        yWords={(lane) => (Number.isInteger(lane) ? (["test", "validate", "train"][lane] ?? "") : "")}
        label={`${feature} of ${parts.train.length} training, ${parts.validation.length} validation and ${parts.test.length} test rows; mean and standard deviation are ${number(honest.scaler.means[0])} and ${number(honest.scaler.scales[0])} by the training rows, ${number(leaky.scaler.means[0])} and ${number(leaky.scaler.scales[0])} by all`}
      >
        {(at) => (
          <>
            {[honest, leaky].map(({ scaler }, index) => {
              const [mean, scale] = [scaler.means[0] ?? 0, scaler.scales[0] ?? 1];
              const level = index === 0 ? -0.5 : 2.5;
              return (
                <g key={index} class={index === 0 ? "band honest" : "band leaky"}>
                  <path d={`M${at.x(mean)} ${at.top}V${at.bottom}`} />
                  <path d={line([[mean - scale, level], [mean + scale, level]], at)} class="spread" />
                </g>
              );
            })}
            <path class="mark dot" style={{ "--mark": "var(--curve-1)" }} d={dots(values("train"), at, "dot")} />
            <path class="mark ring" style={{ "--mark": "var(--curve-3)" }} d={dots(values("validation"), at, "ring")} />
            <path class="mark cross" style={{ "--mark": "var(--curve-4)" }} d={dots(values("test"), at, "cross")} />
          </>
        )}
      </Frame>
      <ul class="legend">
        <Key name="mean (upright) and one standard deviation to each side (below) by the training rows" colour="--text" kind="line" />
        <Key name="the same by all rows (above)" colour="--bad" kind="dashed" />
      </ul>
      <div class="scroll" tabIndex={0} role="region" aria-label="What each scaler has learned">
        <table>
          <thead><tr><th>Scaler fitted on</th>{sample.features.map((name) => [<th key={`${name} mean`} class="number">mean{of(name)}</th>, <th key={`${name} deviation`} class="number">deviation{of(name)}</th>])}<th class="number">training loss</th><th class="number">test loss</th></tr></thead>
          <tbody>
            {[{ name: "training rows", outcome: honest }, { name: "all rows (leaks)", outcome: leaky }].map(({ name, outcome }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                {outcome.scaler.means.map((mean, index) => [<td key={`mean ${index}`} class="number">{number(mean, 5)}</td>, <td key={`deviation ${index}`} class="number">{number(outcome.scaler.scales[index], 5)}</td>])}
                <td class="number">{number(outcome.trainLoss, 5)}</td>
                <td class="number">{number(outcome.testLoss, 5)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {parts.test.length > 0 && (
        <p>
          {leaky.testLoss < honest.testLoss ? "The leak makes the test loss look better" : "The leak makes the test loss another"}: {number(leaky.testLoss, 5)} in place of {number(honest.testLoss, 5)}. On rows to come
          there is nothing to leak.
        </p>
      )}
      <p class="small quiet">
        Losses after the {counted(settings.epochs, "epoch")} chosen above at η = {number(settings.rate, 3)} on scaled inputs. Row numbers, counted from 1: {LANES.toReversed().map((lane) => rowsOf(lane, parts[lane])).join("; ")}.
      </p>
    </Section>
  );
}

function rowsOf(lane: (typeof LANES)[number], rows: number[]): string {
  const verb = { train: "train", validation: "validate", test: "test" }[lane];
  const named = rows.slice(0, FEW).map((row) => row + 1).join(", ");
  return `${rows.length} ${verb}${rows.length ? ` (${named}${rows.length > FEW ? ", …" : ""})` : ""}`;
}
