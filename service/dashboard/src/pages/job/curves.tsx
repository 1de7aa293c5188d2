import { useMemo, useState } from "preact/hooks";
import type { Schema } from "../../api/client";
import { Chart, type Curve } from "../../ui/chart";
import { summary } from "../../ui/plot/curves";
import { Card, Tabs } from "../../ui/parts";
import { number } from "../../words/format";
import type { Course } from "./course";
import { stageName } from "./words";

/** The losses of a training over its epochs, and its learning rate where that changes. */
export function Curves({ course, version, job }: { course: Course; version: number; job: Schema<"Job"> }) {
  const names = [...course.stages.keys()];
  const [wanted, setWanted] = useState<string>();
  const stage = wanted !== undefined && names.includes(wanted) ? wanted : (names[names.length - 1] ?? "");
  const growing = course.stages.get(stage);
  const curves = useMemo(() => {
    const points = growing?.points;
    const [train = [], validation = [], rate = []] = points?.curves ?? [];
    const x = points?.x ?? [];
    const losses: Curve[] = [{ name: "Training", x, y: train, colour: 1 }, { name: "Validation", x, y: validation, colour: 2 }];
    return { losses: losses.filter(({ y }) => y.some((value) => value !== null)), rate: [{ name: "Learning rate", x, y: rate, colour: 3 }] };
  }, [growing, version]);
  if (curves.losses.length === 0) {
    return <Card title="Loss"><p class="quiet">{job.is_terminal ? "It ended before an epoch was told of." : "The curves begin with the first epoch."}</p></Card>;
  }
  const best = curves.losses.find(({ name }) => name === "Validation") ?? curves.losses[0];
  const lowest = best && summary(best)?.least;
  const rate = curves.rate[0] && summary(curves.rate[0]);
  const loss = "loss" in job.spec && typeof job.spec.loss === "string" ? job.spec.loss : "auto";
  return (
    <Card>
      <div class="stack">
        {names.length > 1 && <Tabs names={names.map(stageName)} chosen={stageName(stage)} label="What was trained" onChoose={(name) => setWanted(names.find((one) => stageName(one) === name))} />}
        <Chart title="Loss" curves={curves.losses} xLabel="Epoch" yLabel={loss === "auto" ? "Loss" : `Loss (${loss.replace("_", " ")})`} log="offered" height={320} />
        {lowest && <p class="small">Lowest {best?.name.toLowerCase()} loss: <strong>{number(lowest[1])}</strong> in epoch {number(lowest[0])}.</p>}
        {rate && rate.least[1] !== rate.most[1] && <Chart title="Learning rate" curves={curves.rate} xLabel="Epoch" yLabel="Learning rate" log="offered" height={160} />}
      </div>
    </Card>
  );
}
