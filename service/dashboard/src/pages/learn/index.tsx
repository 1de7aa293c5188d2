import { useMemo, useState } from "preact/hooks";
import { useResource } from "../../api/use";
import type { Sample } from "../../lesson/sample.ts";
import { sampleOf } from "../../lesson/sample.ts";
import { place } from "../../router";
import { Heading, Notice, Waiting, Wrong } from "../../ui/parts";
import "../../styles/learn.css";
import { ActivationsSection } from "./activations";
import { type Change, type Choices, firstChoices, useLesson } from "./choices";
import { DescentSection } from "./descent";
import { NeuronSection } from "./neuron";
import { PytorchSection } from "./pytorch";
import { RowsSection } from "./rows";
import { ScalingSection } from "./scaling";
import { type Columns, Source } from "./source";
import { StackingSection } from "./stacking";
import { BUILT_IN, tableOf } from "./table";
import { VariantsSection } from "./variants";

const LARGEST = 1e100; // beyond this, and below its inverse, squares leave float64
const FEWEST = 8; // rows, so that each part of them has some

/** The lesson: how a linear neuron learns, on numbers that one can follow. */
export default function Learn() {
  const query = place.value.query;
  const dataset = query.get("dataset") ?? "";
  const loading = useResource(async () => (dataset ? await tableOf(dataset) : BUILT_IN), [dataset]);
  const loaded = loading.data;
  const asked = [query.get("target"), query.get("x"), query.get("x2")].join("\n");
  const columns = useMemo(() => chosen(loaded?.table.columns ?? [], query), [loaded, asked]);
  const sample = useMemo(() => {
    if (!loaded || !columns) return undefined;
    return sampleOf(loaded.table, columns.second ? [columns.first, columns.second] : [columns.first], columns.target);
  }, [loaded, columns]);
  const isEnough = sample !== undefined && sample.x.length >= FEWEST;
  const isOutside = isEnough && [...sample.features.map((_, column) => sample.x.map((row) => row[column] ?? 0)), sample.y].some(cannotBeSquared);
  const still = isEnough ? sample.features.find((_, index) => sample.x.every((row) => row[index] === sample.x[0]?.[index])) : undefined;
  return (
    <>
      <Heading title="How a neuron learns" />
      <p>A linear neuron, gradient descent, and what makes it go well or badly, on a table that you choose. Every number below is counted from that table in your browser as you move things.</p>
      <Source dataset={dataset} loaded={loaded} columns={columns} sample={sample} />
      <Wrong problem={loading.problem} onRetry={loading.reload} />
      {loading.isLoading && !loaded && <Waiting />}
      {sample && sample.x.length < FEWEST && <Notice tone="warn">Only {sample.x.length} rows have all of these numbers; the lesson needs {FEWEST}. Choose other columns.</Notice>}
      {still !== undefined && <Notice tone="warn">{still} is the same in all of these rows: nothing can be learned from it, and its weight could be anything. Choose another column.</Notice>}
      {isOutside && <Notice tone="warn">Some of these numbers are so large, or so small, that the computer cannot square them. Choose other columns.</Notice>}
      {isEnough && still === undefined && !isOutside && <Sections key={`${dataset}\n${asked}`} sample={sample} />}
    </>
  );
}

function Sections({ sample }: { sample: Sample }) {
  const [choices, set] = useState<Choices>(() => firstChoices(sample));
  const change: Change = (changes) => set((before) => ({ ...before, ...changes }));
  const lesson = useLesson(sample, choices);
  return (
    <div class="stack loose lesson">
      <NeuronSection lesson={lesson} />
      <DescentSection lesson={lesson} change={change} />
      <VariantsSection lesson={lesson} />
      <ScalingSection lesson={lesson} />
      <RowsSection lesson={lesson} change={change} />
      <PytorchSection lesson={lesson} />
      <StackingSection />
      <ActivationsSection />
    </div>
  );
}

function cannotBeSquared(values: number[]): boolean {
  const most = values.reduce((greatest, value) => Math.max(greatest, Math.abs(value)), 0);
  return most > LARGEST || (most > 0 && most < 1 / LARGEST);
}

/** The columns that the address names, where the table has them; otherwise the last is predicted from the first. */
function chosen(names: string[], query: URLSearchParams): Columns | undefined {
  const has = (name: string | null): name is string => name !== null && names.includes(name);
  const [asked, x, x2] = [query.get("target"), query.get("x"), query.get("x2")];
  const target = has(asked) ? asked : names.findLast((name) => name !== x && name !== x2);
  const first = has(x) && x !== target ? x : names.find((name) => name !== target && name !== x2);
  if (target === undefined || first === undefined) return undefined;
  return { target, first, second: has(x2) && x2 !== target && x2 !== first ? x2 : "" };
}
