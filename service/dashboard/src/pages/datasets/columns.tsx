import { useState } from "preact/hooks";
import { api, bodyOf, may, type Schema } from "../../api/client";
import { useResource } from "../../api/use";
import { place, setQuery } from "../../router";
import { Field, Loaded, Wrong } from "../../ui/parts";
import { counted } from "../../words/format";
import { ORDERS, type Order, arranged } from "./arranged";
import { Column } from "./column";
import { Reach } from "./reach";
import { Turn } from "./turn";

const AT_ONCE = 50;

/** The profile: a row for each column, with how its cells are spread and how it goes with a chosen one. */
export function Columns({ of }: { of: Schema<"Dataset"> }) {
  const chosen = place.value.query.get("with") ?? "";
  const profile = useResource(() => bodyOf(api.GET("/v1/datasets/{id}/profile", { params: { path: { id: of.id } } })), [of.id]);
  const related = useResource(
    async () => (chosen ? await bodyOf(api.GET("/v1/datasets/{id}/profile", { params: { path: { id: of.id }, query: { correlate: chosen } } })) : null),
    [of.id, chosen],
  );
  return (
    <Loaded of={profile}>
      {(data) => (
        <>
          <Wrong problem={related.problem} />
          <Table profile={data} related={related.data ?? null} chosen={chosen} dataset={of.id} />
        </>
      )}
    </Loaded>
  );
}

interface Given {
  profile: Schema<"Profile">;
  /** The same with correlations, once they have come. */
  related: Schema<"Profile"> | null;
  chosen: string;
  dataset: string;
}

function Table({ profile, related, chosen, dataset }: Given) {
  const [part, setPart] = useState("");
  const [order, setOrder] = useState<Order>("as in the file");
  const [from, setFrom] = useState(0);
  const correlations = new Map((related?.correlations?.values ?? []).map(({ column, correlation }) => [column, correlation] as const));
  const found = arranged(profile.columns, part, order, correlations);
  const start = from < found.length ? from : 0;
  const shown = found.slice(start, start + AT_ONCE);
  const numeric = profile.gram?.columns ?? [];
  const orders = ORDERS.filter((one) => chosen || one !== "strongest correlation first");
  return (
    <div class="stack">
      <div class="row above">
        {numeric.length > 1 && (
          <Field label="Correlation with">
            {(ids) => (
              <select {...ids} value={chosen} onChange={(event) => { setQuery({ with: event.currentTarget.value }); setOrder(event.currentTarget.value ? "strongest correlation first" : "as in the file"); setFrom(0); }}>
                <option value="">choose a numeric column</option>
                {numeric.map((name) => <option key={name} value={name}>{name}</option>)}
              </select>
            )}
          </Field>
        )}
        {profile.columns.length > 8 && (
          <>
            <Field label="Order">
              {(ids) => (
                <select {...ids} value={order} onChange={(event) => { setOrder(ORDERS.find((one) => one === event.currentTarget.value) ?? "as in the file"); setFrom(0); }}>
                  {orders.map((one) => <option key={one} value={one}>{one}</option>)}
                </select>
              )}
            </Field>
            <Field label="Columns whose name has">
              {(ids) => <input {...ids} type="search" value={part} onInput={(event) => { setPart(event.currentTarget.value); setFrom(0); }} />}
            </Field>
          </>
        )}
      </div>
      {!profile.gram && <p class="quiet small">There are no correlations to show: {profile.gram_left_out ?? "they were not kept"}.</p>}
      {related?.linear && <Reach of={related.linear} chosen={chosen} others={numeric.length - 1} />}
      {found.length === 0 && <p>None of {counted(profile.columns.length, "column")} has “{part}” in its name.</p>}
      {found.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label="Columns of the dataset">
          <table class="profile">
            <thead>
              <tr>
                <th scope="col">Column</th>
                {related && <th scope="col" class="wide">Correlation with {chosen}</th>}
                <th scope="col">How its cells are spread</th><th scope="col">Missing</th><th scope="col" class="number">Distinct</th><th scope="col">Figures</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((column) => (
                <Column key={column.name} of={column} rows={profile.rows} correlation={related ? (correlations.get(column.name) ?? null) : undefined} isChosen={column.name === chosen} dataset={may("train") ? dataset : ""} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      <Turn from={start} shown={shown.length} total={found.length} what="columns" step={AT_ONCE} onTurn={setFrom} />
    </div>
  );
}
