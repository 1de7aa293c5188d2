import { useState } from "preact/hooks";
import { api, bodyOf, may, type Schema } from "../../api/client";
import { useAction, useResource } from "../../api/use";
import { go, href } from "../../router";
import { Ask, Badge, Card, Empty, Heading, Loaded, Notice, Waiting, Wrong } from "../../ui/parts";
import { Answering, CLOSED, PointForm } from "../models/point-alias";
import { usePointing } from "../models/pointing";
import { comparePath, modelPath, predictPath } from "../models/paths";
import { Facts } from "./facts";
import { Files } from "./files";
import { Sections } from "./sections";
import "../../styles/models.css";

/** A version of a model: how good it is, what it has learnt, how it was trained, and its files. */
export default function Version({ named: { name = "", version = "" } }: { named: Record<string, string> }) {
  if (!/^[1-9][0-9]{0,9}$/.test(version)) {
    return (
      <Empty title={`${version} is no number of a version`}>
        <p>Versions are counted from 1. <a href={href(modelPath(name))}>See those of {name}</a></p>
      </Empty>
    );
  }
  return <Known name={name} number={Number(version)} />;
}

function Known({ name, number }: { name: string; number: number }) {
  const path = { name, version: number };
  const version = useResource(() => bodyOf(api.GET("/v1/models/{name}/versions/{version}", { params: { path } })), [name, number], 15);
  const model = useResource(() => bodyOf(api.GET("/v1/models/{name}", { params: { path: { name } } })), [name], 15);
  const report = useResource(() => bodyOf(api.GET("/v1/models/{name}/versions/{version}/report", { params: { path } })), [name, number]);
  const reload = () => {
    version.reload();
    model.reload();
  };
  return (
    <>
      <Heading title={`${name}, version ${number}`} above={<a href={href(modelPath(name))}>All versions of {name}</a>}>
        {version.data && <a class="button main" href={href(predictPath(`${name}:${number}`))}>Predict with it</a>}
        {version.data && model.data && model.data.serves !== null && model.data.serves !== number && (
          <a class="button" href={href(comparePath(name), { a: String(model.data.serves), b: String(number) })}>Compare with version {model.data.serves}, which serves</a>
        )}
      </Heading>
      <Loaded of={version}>
        {(one) => (
          <>
            <Standing version={one} serves={model.data?.serves === number} />
            {report.data ? <Sections version={one} report={report.data} /> : report.problem ? <Wrong problem={report.problem} onRetry={report.reload} /> : <Waiting>Loading the report …</Waiting>}
            <Facts version={one} lineage={report.data?.lineage} onChange={version.reload} />
            <Files version={one} />
            <Promote version={one} known={Object.keys(model.data?.aliases ?? {})} onChange={reload} />
          </>
        )}
      </Loaded>
    </>
  );
}

function Standing({ version: { aliases, model }, serves }: { version: Schema<"Version">; serves: boolean }) {
  if (!serves && aliases.length === 0) return null;
  return (
    <p>
      {serves && <><Badge tone="good">serves</Badge> It answers whoever asks for <code>{model}</code>. </>}
      {aliases.length > 0 && <>Aliases that point here: {aliases.map((alias) => <><Badge key={alias} tone="accent">{alias}</Badge>{" "}</>)}</>}
    </p>
  );
}

/** Point an alias at this version, and delete it. */
function Promote({ version, known, onChange }: { version: Schema<"Version">; known: string[]; onChange: () => void }) {
  const { model: name, version: number, aliases } = version;
  const pointing = usePointing(name, onChange);
  const [isAsked, setAsked] = useState(false);
  const remove = useAction(async () => {
    await api.DELETE("/v1/models/{name}/versions/{version}", { params: { path: { name, version: number } } });
    go(modelPath(name));
  });
  return (
    <Card title="Promote or delete">
      <div class="stack">
        <p class="quiet small">An alias names a version for those who predict. The alias <code>default</code> is what <code>{name}</code> alone means.</p>
        <PointForm pointing={pointing} version={number} known={known} />
        <Answering name={name} pointing={pointing} />
        {!may("train") && <p class="quiet small">{CLOSED}</p>}
        <div class="row">
          <button type="button" class="button danger" disabled={!may("train") || remove.isRunning || aliases.length > 0} onClick={() => setAsked(true)}>Delete this version</button>
          {aliases.length > 0 && <span class="quiet small">A version that an alias points at cannot be deleted: move or delete {aliases.join(", ")} first.</span>}
        </div>
        <Wrong problem={remove.problem} />
        <Ask open={isAsked} title={`Delete version ${number} of ${name}?`} action="Delete the version" onAnswer={(yes) => { setAsked(false); if (yes) void remove.run(); }}>
          <Notice tone="warn">Its report and its files are deleted with it, and its number is not used again.</Notice>
        </Ask>
      </div>
    </Card>
  );
}
