import { useState } from "preact/hooks";
import { api, bodyOf, type Schema } from "../../api/client";
import { useResource } from "../../api/use";
import { Card, Loaded } from "../../ui/parts";
import { told } from "../../words/value";
import { type Place, sideBySide } from "./leaves";

/** What differs in the specs of two versions and in where they came from; the whole specs when they are asked for. */
export function Differences({ name, found }: { name: string; found: Schema<"VersionComparison"> }) {
  const [isAll, setAll] = useState(false);
  return (
    <Card title="What differs in how they were trained">
      <div class="stack">
        <label class="check">
          <input type="checkbox" checked={isAll} onChange={(event) => setAll(event.currentTarget.checked)} />
          Show what is the same as well
        </label>
        {isAll ? <Whole name={name} found={found} /> : found.spec.length ? <Places label="What differs in their specs" places={found.spec.map(differing)} /> : <p class="quiet">Their specs are the same.</p>}
        <h3>Origin</h3>
        {found.lineage.length ? <Places label="What differs in where they came from" places={found.lineage.map(differing)} /> : <p class="quiet">The same data, split, engine and libraries.</p>}
      </div>
    </Card>
  );
}

function differing({ pointer, a, b }: Schema<"Difference">): Place {
  return { pointer, a, b, differs: true };
}

function Whole({ name, found }: { name: string; found: Schema<"VersionComparison"> }) {
  const ask = (version: number) => bodyOf(api.GET("/v1/models/{name}/versions/{version}", { params: { path: { name, version } } }));
  const both = useResource(async () => ({ a: await ask(found.a.version), b: await ask(found.b.version) }), [name, found.a.version, found.b.version]);
  return <Loaded of={both}>{({ a, b }) => <Places label="Their whole specs" places={sideBySide(a.spec, b.spec)} marks />}</Loaded>;
}

function Places({ label, places, marks = false }: { label: string; places: Place[]; marks?: boolean }) {
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={label}>
      <table>
        <caption class="visually-hidden">{label}</caption>
        <thead><tr><th scope="col">Field</th><th scope="col">A</th><th scope="col">B</th>{marks && <th scope="col">Differs</th>}</tr></thead>
        <tbody>
          {places.map(({ pointer, a, b, differs }) => (
            <tr key={pointer} class={marks && differs ? "differs" : undefined}>
              <th scope="row"><code class="pointer">{pointer.slice(1).replaceAll("/", ".")}</code></th>
              <td class="value">{shown(a)}</td>
              <td class="value">{shown(b)}</td>
              {marks && <td>{differs ? "yes" : ""}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function shown(value: unknown): string {
  return value === undefined ? "–" : told(value);
}
