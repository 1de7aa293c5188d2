import { useState } from "preact/hooks";
import { api, bodyOf, type Schema } from "../../api/client";
import { useResource } from "../../api/use";
import { href, place, setQuery } from "../../router";
import { Badge, Card, Empty, Field, Heading, Loaded, Notice } from "../../ui/parts";
import { count, moment } from "../../words/format";
import { told } from "../../words/value";
import { modelPath, versionPath } from "../models/paths";
import { ComparedCurves } from "./curves";
import { Differences } from "./differences";
import { ComparedMetrics } from "./metrics";
import "../../styles/models.css";

/** Two versions of a model side by side: which is better, and what differs; the rest is shown when it is asked for. */
export default function Compare({ named }: { named: Record<string, string> }) {
  const name = named.name ?? "";
  const query = place.value.query;
  const [a, b] = [query.get("a") ?? "", query.get("b") ?? ""];
  return (
    <>
      <Heading title={`Compare versions of ${name}`} above={<a href={href(modelPath(name))}>All versions of {name}</a>} />
      <Choose key={`${a} ${b}`} name={name} a={a} b={b} />
      {a && b ? (
        <Sides key={`${a} ${b}`} name={name} a={a} b={b} />
      ) : (
        <Empty title="Choose two versions">
          <p>Write their numbers or aliases above, or choose them in <a href={href(modelPath(name))}>the list of versions</a>.</p>
        </Empty>
      )}
    </>
  );
}

function Choose({ name, a, b }: { name: string; a: string; b: string }) {
  const [one, setOne] = useState(a);
  const [other, setOther] = useState(b);
  const submit = (event: Event) => {
    event.preventDefault();
    setQuery({ a: one.trim(), b: other.trim() });
  };
  return (
    <form class="row one-line" onSubmit={submit} aria-label={`Which versions of ${name}`}>
      <Field label="A: version or alias">{(ids) => <input {...ids} required maxLength={100} value={one} onInput={(event) => setOne(event.currentTarget.value)} />}</Field>
      <Field label="B: version or alias">{(ids) => <input {...ids} required maxLength={100} value={other} onInput={(event) => setOther(event.currentTarget.value)} />}</Field>
      <button class="button main">Compare</button>
      {a && b && <button type="button" class="button" onClick={() => setQuery({ a: b, b: a })}>Swap A and B</button>}
    </form>
  );
}

function Sides({ name, a, b }: { name: string; a: string; b: string }) {
  const compared = useResource(() => bodyOf(api.GET("/v1/models/{name}/compare", { params: { path: { name }, query: { a, b } } })), [name, a, b]);
  return (
    <Loaded of={compared}>
      {(found) => (
        <>
          <Notice tone={found.better ? "good" : "warn"}>
            <strong>{found.better ? `${found.better.toUpperCase()} is better.` : found.same_rows ? "Neither is better." : "They cannot be compared."}</strong> {found.sentence}
          </Notice>
          <div class="columns">
            <Side letter="A" name={name} side={found.a} rows={rowsOf(found, "a")} isBetter={found.better === "a"} />
            <Side letter="B" name={name} side={found.b} rows={rowsOf(found, "b")} isBetter={found.better === "b"} />
          </div>
          <Differences name={name} found={found} />
          <ComparedMetrics found={found} />
          <ComparedCurves name={name} a={found.a.version} b={found.b.version} />
        </>
      )}
    </Loaded>
  );
}

function rowsOf({ rows }: Schema<"VersionComparison">, side: "a" | "b"): string {
  const told = Object.entries(rows).flatMap(([part, of]) => (of[side] ? [`${count(of[side])} ${part}`] : []));
  return told.join(", ") || "–";
}

function Side({ letter, name, side, rows, isBetter }: { letter: string; name: string; side: Schema<"Side">; rows: string; isBetter: boolean }) {
  return (
    <Card title={<>{letter}: <a href={href(versionPath(name, side.version))}>version {side.version}</a> {isBetter && <Badge tone="good">better</Badge>}</>}>
      <dl class="facts">
        <dt>Trained</dt><dd>{moment(side.created_at)}</dd>
        <dt>Task</dt><dd>{side.task}</dd>
        <dt>Rows</dt><dd>{rows}</dd>
        <dt>Dataset</dt><dd><a href={href(`/datasets/${side.dataset}`)}>{side.dataset}</a></dd>
        <dt>Job</dt><dd><a href={href(`/jobs/${side.job}`)}>{side.job}</a></dd>
        {side.aliases.length > 0 && <><dt>Aliases</dt><dd>{side.aliases.map((alias) => <><Badge key={alias} tone="accent">{alias}</Badge>{" "}</>)}</dd></>}
        {Object.entries(side.metadata).map(([key, value]) => <><dt key={key} class="value">{key}</dt><dd class="value">{told(value)}</dd></>)}
      </dl>
    </Card>
  );
}
