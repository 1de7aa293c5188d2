import { useState } from "preact/hooks";
import { api, bodyOf } from "../../api/client";
import { useResource } from "../../api/use";
import { Chart } from "../../ui/chart";
import { Card, Loaded, Notice } from "../../ui/parts";
import { lossesOf } from "../version/history";

/** The losses of both over each other, fetched when they are asked for: a history may be long. */
export function ComparedCurves({ name, a, b }: { name: string; a: number; b: number }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <Card title="Their losses over each other">
      {isOpen ? <Curves name={name} a={a} b={b} /> : <button type="button" class="button" onClick={() => setOpen(true)}>Draw the curves</button>}
    </Card>
  );
}

function Curves({ name, a, b }: { name: string; a: number; b: number }) {
  const ask = (version: number) => bodyOf(api.GET("/v1/models/{name}/versions/{version}/report", { params: { path: { name, version } } }));
  const both = useResource(async () => ({ one: await ask(a), other: await ask(b) }), [name, a, b]);
  return (
    <Loaded of={both}>
      {({ one, other }) => (
        <div class="stack">
          {one.loss_units !== other.loss_units && <Notice tone="warn">The losses have different units (A: {one.loss_units}, B: {other.loss_units}): compare how they fall, not how high they are.</Notice>}
          <Chart title="Loss by epoch" curves={[...lossesOf(one.history ?? [], `A (${a}), `), ...lossesOf(other.history ?? [], `B (${b}), `)]} xLabel="Epoch" yLabel="Loss" log="offered" />
        </div>
      )}
    </Loaded>
  );
}
