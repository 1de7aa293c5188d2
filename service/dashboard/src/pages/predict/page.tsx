import { may } from "../../api/client";
import { useResource } from "../../api/use";
import { href, place, setQuery } from "../../router";
import { Empty, Heading, Loaded, Notice, Tabs } from "../../ui/parts";
import { ByDataset } from "./by-dataset";
import { ByFile } from "./by-file";
import { ByForm } from "./by-form";
import { type Signature, loadSignature } from "./signature";
import "../../styles/predict.css";

const WAYS = ["A row", "A file", "A dataset"] as const;
const NAMES: Record<(typeof WAYS)[number], string | undefined> = { "A row": undefined, "A file": "file", "A dataset": "dataset" };

/** Predict with one model: a row, a file, or a dataset. */
export default function Predict({ named }: { named: { ref: string } }) {
  const signature = useResource(() => loadSignature(named.ref), [named.ref]);
  const asked = place.value.query.get("by") ?? undefined;
  const way = WAYS.find((one) => NAMES[one] === asked) ?? "A row";
  return (
    <>
      <Heading title={`Predict with ${named.ref}`} above={<a class="small" href={href("/predict")}>Choose another model</a>} />
      {may("predict") ? (
        <Loaded of={signature}>
          {(found) => (
            <div class="stack">
              <About signature={found} />
              <Tabs names={WAYS} chosen={way} onChoose={(name) => setQuery({ by: NAMES[name] })} label="What to predict" />
              {way === "A row" && <ByForm key={`${found.reference} ${found.version}`} signature={found} onOutdated={signature.reload} />}
              {way === "A file" && <ByFile signature={found} onDataset={() => setQuery({ by: "dataset" })} />}
              {way === "A dataset" && <ByDataset signature={found} />}
            </div>
          )}
        </Loaded>
      ) : (
        <Empty title="Your key may not predict"><p>It lacks the scope <code>predict</code>. Who runs this server can make one that has it.</p></Empty>
      )}
    </>
  );
}

function About({ signature }: { signature: Signature }) {
  const { model, version, isShared, targets, isLinear, fields } = signature;
  if (isShared) return <Notice><p>Another owner shares this model with you: you may predict with it, and see its features alone. Their ranges and categories are not told.</p></Notice>;
  return (
    <p class="quiet">
      {targets.length > 0 ? <>Version <a href={href(`/models/${encodeURIComponent(model)}/versions/${version}`)}>{version}</a> predicts <strong>{targets.slice(0, 5).join(", ")}{targets.length > 5 ? " …" : ""}</strong>, by a {isLinear ? "linear neuron" : "network"}. </> : <>Version {version}. </>}
      {fields.length === 0 && "It has no features."}
    </p>
  );
}
