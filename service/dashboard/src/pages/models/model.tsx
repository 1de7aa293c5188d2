import { useState } from "preact/hooks";
import { api, bodyOf, may, type Schema } from "../../api/client";
import { useAction, useResource } from "../../api/use";
import { go, href } from "../../router";
import { Ask, Heading, Loaded, Notice, Wrong } from "../../ui/parts";
import { day } from "../../words/format";
import { Aliases } from "./aliases";
import { predictPath, versionPath } from "./paths";
import { CLOSED } from "./point-alias";
import { Shares } from "./shares";
import { Versions } from "./versions";
import "../../styles/models.css";

/** A model: what its name means, its versions, aliases and shares. */
export default function Model({ named }: { named: Record<string, string> }) {
  const name = named.name ?? "";
  const model = useResource(() => bodyOf(api.GET("/v1/models/{name}", { params: { path: { name } } })), [name], 10);
  return (
    <>
      <Heading title={name} above={<a href={href("/models")}>Models</a>}>
        <a class="button main" href={href(predictPath(name))}>Predict</a>
      </Heading>
      <Loaded of={model}>
        {(one) => (
          <>
            <Serves model={one} />
            <Versions model={one} />
            <div class="columns">
              <Aliases model={one} onChange={model.reload} />
              <Shares name={name} />
            </div>
            <Delete model={one} />
          </>
        )}
      </Loaded>
    </>
  );
}

function Serves({ model }: { model: Schema<"Model"> }) {
  const { name, serves, aliases, created_at } = model;
  if (serves === null) return <Notice tone="warn">No versions are left, so nothing can be predicted with <code>{name}</code>. Its next training makes one.</Notice>;
  return (
    <Notice>
      <code>{name}</code> alone means <a href={href(versionPath(name, serves))}>version {serves}</a>,{" "}
      {aliases.default === undefined ? "the newest one" : <>because the alias <code>default</code> points there</>}. <span class="quiet small">The model was made on {day(created_at)}.</span>
    </Notice>
  );
}

function Delete({ model }: { model: Schema<"Model"> }) {
  const { name } = model;
  const [isAsked, setAsked] = useState(false);
  const remove = useAction(async () => {
    await api.DELETE("/v1/models/{name}", { params: { path: { name }, query: { force: true } } });
    go("/models");
  });
  return (
    <div class="stack tight">
      <Wrong problem={remove.problem} />
      <div class="row">
        <button type="button" class="button danger" disabled={!may("train") || remove.isRunning} onClick={() => setAsked(true)}>Delete this model</button>
        {!may("train") && <span class="quiet small">{CLOSED}</span>}
      </div>
      <Ask open={isAsked} title={`Delete ${name}?`} action="Delete the model and all of its versions" onAnswer={(yes) => { setAsked(false); if (yes) void remove.run(); }}>
        <p>All of its versions, their reports and files, its aliases and shares are deleted with it. Nothing is predicted with it any more, and nothing brings it back.</p>
      </Ask>
    </div>
  );
}
