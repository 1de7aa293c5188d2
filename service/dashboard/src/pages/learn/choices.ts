import { useMemo } from "preact/hooks";
import { type Curvature, curvatureOf } from "../../lesson/curvature.ts";
import { descend, type Run, rowsOfStep, type Settings, type Variant } from "../../lesson/descent.ts";
import { type Division, prepare, type Prepared, type Sample } from "../../lesson/sample.ts";
import { strictest } from "../../lesson/strictest.ts";
import { type Bowl, bowlOf } from "../../lesson/surface.ts";

/** What a person has chosen; rates are kept for inputs scaled and raw, whose bounds are far apart. */
export interface Choices {
  variant: Variant;
  batchSize: number;
  isScaled: boolean;
  rates: { scaled: number; raw: number };
  epochs: number;
  division: Division;
}

export type Change = (changes: Partial<Choices>) => void;

/** The rows, scaled or not, with the bowl that their loss is. */
export interface Ground {
  prepared: Prepared;
  bowl: Bowl;
  curvature: Curvature;
}

/** All that the sections show, from the sample and the choices alone. */
export interface Lesson {
  sample: Sample;
  choices: Choices;
  grounds: { scaled: Ground; raw: Ground };
  /** The chosen one of them. */
  ground: Ground;
  settings: Settings;
  run: Run;
  /** Below this rate no step of the run raises the loss of its own rows. */
  batchBound: number;
  /** The parameters that pictures have as axes, and the names of all. */
  axes: [number, number];
  names: string[];
}

export function groundOf(sample: Sample, division: Division, isScaled: boolean): Ground {
  const prepared = prepare(sample, division, isScaled);
  return { prepared, bowl: bowlOf(prepared.train.x, prepared.train.y), curvature: curvatureOf(prepared.train.x) };
}

/** A rate as one would write it. */
export function tidy(rate: number): number {
  return Number(rate.toPrecision(3));
}

/** Choices to begin with on a sample. */
export function firstChoices(sample: Sample): Choices {
  const division: Division = { seed: 1, validation: 0.2, test: 0.2 };
  const bound = (isScaled: boolean): number => groundOf(sample, division, isScaled).curvature.stable;
  return { variant: "batch", batchSize: 32, isScaled: true, rates: { scaled: tidy(0.1 * bound(true)), raw: tidy(0.5 * bound(false)) }, epochs: 30, division };
}

export function settingsOf({ variant, batchSize, isScaled, rates, epochs, division }: Choices): Settings {
  return { variant, batchSize, rate: isScaled ? rates.scaled : rates.raw, epochs, seed: division.seed };
}

const SUBSCRIPTS = "₁₂₃₄₅₆₇₈₉";

export function useLesson(sample: Sample, choices: Choices): Lesson {
  const { division } = choices;
  const scaled = useMemo(() => groundOf(sample, division, true), [sample, division]);
  const raw = useMemo(() => groundOf(sample, division, false), [sample, division]);
  const ground = choices.isScaled ? scaled : raw;
  const settings = settingsOf(choices);
  const run = useMemo(() => descend(ground.prepared.train.x, ground.prepared.train.y, settings), [ground, ...Object.values(settings)]);
  const size = rowsOfStep(ground.prepared.train.x.length, settings);
  const batchBound = useMemo(() => strictest(ground.prepared.train.x, settings), [ground, size, settings.seed, settings.epochs, settings.variant]);
  const width = sample.features.length;
  const names = [...sample.features.map((_, index) => (width > 1 ? `w${SUBSCRIPTS[index] ?? index + 1}` : "w")), "b"];
  return { sample, choices, grounds: { scaled, raw }, ground, settings, run, batchBound, axes: [0, 1], names };
}
