import { useId, useState } from "preact/hooks";
import { api, bodyOf, type Schema } from "../../api/client";
import { asked, FORM, metadataOf } from "../../api/filters";
import { href, place, setQuery } from "../../router";
import { Badge, Empty, Waiting, Wrong } from "../../ui/parts";
import { MetadataFilter } from "../../ui/metadata-filter";
import { type Column, VirtualTable } from "../../ui/virtual";
import { usePaged } from "../../ui/virtual/paged";
import { ago, moment } from "../../words/format";
import { comparePath, versionPath } from "./paths";
import { figureOf, type Row, rowOf, titleOf } from "./rows";

type Chosen = readonly number[];

/** The versions of a model, newest first, of which two are chosen to be compared. */
export function Versions({ model }: { model: Schema<"Model"> }) {
  const { name } = model;
  const query = place.value.query;
  const metadata = metadataOf(query);
  const from = Number(query.get("from")) || null;
  const paged = usePaged<Row>(
    async (after) => {
      const cursor = after ?? (from === null ? undefined : String(from + 1));
      const { data, next } = await bodyOf(
        api.GET("/v1/models/{name}/versions", {
          params: { path: { name }, query: { limit: after === undefined ? 50 : 200, after: cursor === undefined ? undefined : Number(cursor), ...asked(metadata) } },
          querySerializer: FORM,
        }),
      );
      return { data: data.map(rowOf), next };
    },
    (row) => row.version,
    [name, JSON.stringify(metadata), from],
    10,
  );
  const [chosen, setChosen] = useState<Chosen>([]);
  const toggle = (version: number) =>
    setChosen((before) => (before.includes(version) ? before.filter((one) => one !== version) : [...before, version].slice(-2)));
  const isFiltered = Object.keys(metadata).length > 0 || from !== null;
  const columns = columnsOf(name, paged.rows ?? [], chosen, toggle, model);
  return (
    <section class="stack" aria-labelledby="versions">
      <h2 id="versions">Versions</h2>
      <div class="row apart">
        <Compare name={name} chosen={chosen} serves={model.serves} onClear={() => setChosen([])} />
        <FromVersion from={from} />
      </div>
      <MetadataFilter of="versions" />
      {!paged.rows ? (
        paged.problem ? <Wrong problem={paged.problem} onRetry={paged.reload} /> : <Waiting />
      ) : paged.rows.length > 0 ? (
        <VirtualTable label={`Versions of ${name}`} columns={columns} rows={paged.rows} keyOf={(row) => row.version} paged={paged} one="version" isChosen={(row) => chosen.includes(row.version)} />
      ) : (
        <Empty title={isFiltered ? "No version is like that" : "No versions left"}>
          <p>{isFiltered ? "Take a filter away, or begin at a later version." : "All were deleted. The next training of this model makes one."}</p>
        </Empty>
      )}
    </section>
  );
}

function columnsOf(name: string, rows: readonly Row[], chosen: Chosen, toggle: (version: number) => void, { serves }: Schema<"Model">): Column<Row>[] {
  return [
    {
      name: "Compare",
      title: <span class="visually-hidden">Choose to compare</span>,
      width: 3,
      show: ({ version }) => (
        <label class="pick">
          <span class="visually-hidden">Choose version {version} to compare</span>
          <input type="checkbox" checked={chosen.includes(version)} onChange={() => toggle(version)} />
        </label>
      ),
    },
    { name: "Version", width: 7.5, isHeader: true, show: ({ version }) => <a href={href(versionPath(name, version))}>version {version}</a> },
    {
      name: "Aliases",
      width: 12,
      show: ({ version, aliases }) => (
        <span title={[...(version === serves ? ["serves"] : []), ...aliases].join(", ")}>
          {version === serves && <Badge tone="good">serves</Badge>} {aliases.map((alias) => <Badge key={alias} tone="accent">{alias}</Badge>)}
        </span>
      ),
    },
    { name: "Predicts", width: 8, show: ({ target }) => <span title={target}>{target}</span> },
    { name: "Error", title: titleOf(rows, "error"), width: 5.5, isNumber: true, show: (row) => figureOf(row, "error") },
    { name: "Fit", title: titleOf(rows, "fit"), width: 5.5, isNumber: true, show: (row) => figureOf(row, "fit") },
    { name: "Measured on", width: 8, show: ({ part }) => (part ?? "–") },
    { name: "Trained", width: 9, show: ({ created_at }) => <span title={moment(created_at)}>{ago(created_at)}</span> },
  ];
}

/** What was chosen to be compared, and the way there. */
function Compare({ name, chosen, serves, onClear }: { name: string; chosen: Chosen; serves: number | null; onClear: () => void }) {
  const [one, other] = [...chosen].sort((a, b) => a - b);
  const rival = other ?? (serves !== null && serves !== one ? serves : undefined);
  return (
    <div class="row" role="status">
      {one === undefined ? (
        <span class="quiet">Choose two versions to compare them.</span>
      ) : (
        <>
          {rival === undefined ? (
            <span>Version {one} is chosen: choose another one.</span>
          ) : (
            <a class="button main" href={href(comparePath(name), { a: String(other === undefined ? rival : one), b: String(other ?? one) })}>
              {other === undefined ? `Compare version ${one} with version ${rival}, which serves` : `Compare versions ${one} and ${other}`}
            </a>
          )}
          <button type="button" class="button plain" onClick={onClear}>Choose none</button>
        </>
      )}
    </div>
  );
}

/** Begin the list further down: at a version, and those before it. */
function FromVersion({ from }: { from: number | null }) {
  const id = useId();
  const [text, setText] = useState(from === null ? "" : String(from));
  return (
    <form class="row" onSubmit={(event) => { event.preventDefault(); setQuery({ from: text }); }}>
      <label for={id}>Begin at version</label>
      <input id={id} class="short" type="number" min={1} max={2147483646} step={1} inputMode="numeric" value={text} onInput={(event) => setText(event.currentTarget.value)} />
      <button class="button">Go there</button>
      {from !== null && <button type="button" class="button" onClick={() => { setText(""); setQuery({ from: undefined }); }}>From the newest</button>}
    </form>
  );
}
