import { api, bodyOf, type Schema } from "../../api/client";
import { asked, FORM, metadataOf } from "../../api/filters";
import { useResource } from "../../api/use";
import { href, place } from "../../router";
import { Card, Empty, Heading, Waiting, Wrong } from "../../ui/parts";
import { MetadataFilter } from "../../ui/metadata-filter";
import { type Column, VirtualTable } from "../../ui/virtual";
import { usePaged } from "../../ui/virtual/paged";
import { ago, moment } from "../../words/format";
import { modelPath, predictPath, versionPath } from "./paths";
import "../../styles/models.css";

type Model = Schema<"Model">;

const COLUMNS: Column<Model>[] = [
  { name: "Model", width: 14, isHeader: true, show: (one) => <a href={href(modelPath(one.name))} title={one.name}>{one.name}</a> },
  {
    name: "Serves",
    width: 8,
    show: (one) => (one.serves === null ? <span class="quiet">no versions left</span> : <a href={href(versionPath(one.name, one.serves))}>version {one.serves}</a>),
  },
  { name: "Newest version", width: 8, isNumber: true, show: (one) => one.latest_version ?? "–" },
  { name: "Aliases", width: 12, show: (one) => <span title={aliasesInWords(one)}>{aliasesInWords(one)}</span> },
  { name: "Changed", width: 9, show: (one) => <span title={moment(one.updated_at)}>{ago(one.updated_at)}</span> },
];

function aliasesInWords({ aliases }: Model): string {
  return Object.entries(aliases).map(([alias, version]) => `${alias}: ${version}`).join(", ") || "–";
}

/** All models, newest first. */
export default function Models() {
  const metadata = metadataOf(place.value.query);
  const isFiltered = Object.keys(metadata).length > 0;
  const paged = usePaged<Model>(
    async (after) => bodyOf(api.GET("/v1/models", { params: { query: { limit: 100, after, ...asked(metadata) } }, querySerializer: FORM })),
    (one) => one.id,
    [JSON.stringify(metadata)],
    5,
  );
  return (
    <>
      <Heading title="Models">
        <a class="button main" href={href("/train")}>Train a model</a>
      </Heading>
      <MetadataFilter of="models" />
      {!paged.rows ? (
        paged.problem ? <Wrong problem={paged.problem} onRetry={paged.reload} /> : <Waiting />
      ) : paged.rows.length > 0 ? (
        <VirtualTable label="Models" columns={COLUMNS} rows={paged.rows} keyOf={(one) => one.id} paged={paged} one="model" />
      ) : isFiltered ? (
        <Empty title="No model has a version with this metadata">
          <p>Take a filter away to see more.</p>
        </Empty>
      ) : (
        <Empty title="No models yet">
          <p>A model comes into being when a training ends. Upload a table, choose the column to predict, and train.</p>
          <a class="button main" href={href("/train")}>Train a model</a>
        </Empty>
      )}
      <SharedWithMe />
    </>
  );
}

/** What other owners share, to predict with; nothing where nobody does. */
function SharedWithMe() {
  const { data, problem, reload } = useResource(() => bodyOf(api.GET("/v1/shared-models")), []);
  if (problem) return <Wrong problem={problem} onRetry={reload} />;
  if (!data?.data.length) return null;
  return (
    <Card title="Shared with you">
      <p class="quiet small">Others let you predict with these models; their reports and files stay with their owners.</p>
      <ul>
        {data.data.map((one) => (
          <li key={one.model}>
            <a href={href(predictPath(one.model))}>{one.model}</a> <span class="quiet small">since {moment(one.created_at)}</span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
