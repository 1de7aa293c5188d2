import { useState } from "preact/hooks";
import { may, type Schema } from "../../api/client";
import { href } from "../../router";
import { Badge, Card } from "../../ui/parts";
import { versionPath } from "./paths";
import { Answering, CLOSED, PointForm } from "./point-alias";
import { usePointing } from "./pointing";

/** The aliases of a model: where each points, moving and deleting them, and one more. */
export function Aliases({ model, onChange }: { model: Schema<"Model">; onChange: () => void }) {
  const pointing = usePointing(model.name, onChange);
  const [moved, setMoved] = useState<string | null>(null);
  const all = Object.entries(model.aliases);
  const isOpen = may("train");
  return (
    <Card title="Aliases">
      <div class="stack">
        <p class="quiet small">
          An alias is a name for a version that can be moved to another without anybody changing their requests. <code>default</code> is what{" "}
          <code>{model.name}</code> alone means; without it, that is the newest version.
        </p>
        {all.length > 0 && (
          <ul class="aliases">
            {all.map(([alias, version]) => (
              <li key={alias} class="stack tight">
                <div class="row apart">
                  <span>
                    <code>{alias}</code> is <a href={href(versionPath(model.name, version))}>version {version}</a>{" "}
                    {alias === "default" && <Badge tone="good">serves</Badge>}
                  </span>
                  <span class="row">
                    <button type="button" class="button little" disabled={!isOpen} aria-expanded={moved === alias} onClick={() => setMoved(moved === alias ? null : alias)}>Move<span class="visually-hidden"> {alias}</span></button>
                    <button type="button" class="button little danger" disabled={!isOpen || pointing.isRunning} onClick={() => void pointing.ask(alias, null)}>Delete<span class="visually-hidden"> {alias}</span></button>
                  </span>
                </div>
                {moved === alias && <PointForm pointing={pointing} alias={alias} known={[]} />}
              </li>
            ))}
          </ul>
        )}
        <Answering name={model.name} pointing={pointing} />
        {isOpen ? (
          <details>
            <summary>Make an alias</summary>
            <PointForm pointing={pointing} known={Object.keys(model.aliases)} />
          </details>
        ) : (
          <p class="quiet small">{CLOSED}</p>
        )}
      </div>
    </Card>
  );
}
