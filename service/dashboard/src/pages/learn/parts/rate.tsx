import { number } from "../../../words/format";
import { type Change, type Lesson, tidy } from "../choices";
import { NumberField, Slider } from "./controls";

const LOW = -3; // powers of ten of the stable bound
const HIGH = Math.log10(3);

/** The learning rate on a track that is as long for every table: from a thousandth of the stable bound to three times it. */
export function Rate({ lesson, change }: { lesson: Lesson; change: Change }) {
  const { choices, settings, ground, batchBound } = lesson;
  const { stable } = ground.curvature;
  const put = (rate: number) => change({ rates: { ...choices.rates, [choices.isScaled ? "scaled" : "raw"]: rate } });
  const share = settings.rate / stable;
  const place = Math.max(LOW, Math.min(HIGH, Math.log10(share)));
  const marks = [{ at: 0, name: `stable below ${number(stable, 3)}` }];
  return (
    <div class="row rate">
      <Slider
        label="Learning rate η"
        words={`${number(settings.rate, 3)}, ${number(share, 3)} times the stable bound`}
        value={place}
        low={LOW}
        high={HIGH}
        step={0.01}
        marks={marks}
        onChange={(power) => put(tidy(stable * 10 ** power))}
      />
      <NumberField label="η exactly" value={settings.rate} low={Number.MIN_VALUE} high={1e300} rule="a number above 0" onChange={put} />
      {settings.variant !== "batch" && (
        <p class="small quiet whole">A single {settings.variant === "stochastic" ? "row" : "batch"} can be steeper than all rows together: only below {number(batchBound, 3)} does no step of this run raise the loss of its own rows.</p>
      )}
    </div>
  );
}

/** What the rate does, in the numbers of this table. */
export function RateSays({ lesson }: { lesson: Lesson }) {
  const { settings, ground, run } = lesson;
  const { largest, smallest, stable, condition } = ground.curvature;
  const steep = Math.abs(1 - settings.rate * largest);
  const flat = Math.abs(1 - settings.rate * smallest);
  const last = run.losses.at(-1) ?? NaN;
  const first = run.losses[0] ?? NaN;
  const ended = run.isDiverged
    ? `After epoch ${run.epochs} the loss is no longer a number that float64 can hold: the run has diverged. Go back to its first steps to see how it begins.`
    : last > first
      ? `After ${run.epochs} epochs the loss is ${number(last / first, 3)} times what it was at the start. Go back to the first steps to see how it begins.`
      : "";
  if (settings.variant !== "batch")
    return ended ? <p class="notice bad">{ended}</p> : <p class="notice">Each step follows the slope of a few rows alone, which is right on average and wrong each time: the path trembles, the more so the greater η is.</p>;
  if (settings.rate >= stable)
    return (
      <p class="notice bad">
        η is at or beyond the bound 2/λmax = 2/{number(largest)} = {number(stable)}: every step jumps over the valley and makes the error along its steepest direction |1 − η·λmax| = {number(steep)} times what it was. {ended}
      </p>
    );
  return (
    <p class="notice">
      η is below the bound 2/λmax = 2/{number(largest)} = {number(stable)}: every step leaves |1 − η·λmax| = {number(steep)} of the error along the steepest direction
      {condition > 1 + 1e-9 ? flat > 0.999 && flat < 1 ? ` and all but η·λmin = ${number(settings.rate * smallest, 3)} of that along the flattest` : ` and |1 − η·λmin| = ${number(flat)} of that along the flattest` : "; every direction is as steep as every other"}.
    </p>
  );
}
