import { useState } from "preact/hooks";
import { api, bodyOf, may } from "../../api/client";
import { useResource } from "../../api/use";
import { href, place } from "../../router";
import { Empty, Heading, Loaded, Notice, State } from "../../ui/parts";
import { ago, bytes, count, moment } from "../../words/format";
import { arrived, upload } from "./upload/draft";
import { Sending } from "./upload/sending";
import "../../styles/data.css";

const LIMIT = 25;
const BUSY_SECONDS = 2; // while a file is read
const IDLE_SECONDS = 20; // others upload too

/** All datasets, newest first, a page of the server at a time. */
export default function Datasets() {
  const after = place.value.query.get("after") ?? undefined;
  const [isBusy, setBusy] = useState(false);
  const page = useResource(
    async () => {
      const found = await bodyOf(api.GET("/v1/datasets", { params: { query: { limit: LIMIT, after } } }));
      setBusy(found.data.some((one) => one.state === "ingesting"));
      return found;
    },
    [after],
    isBusy ? BUSY_SECONDS : IDLE_SECONDS,
  );
  return (
    <>
      <Heading title="Datasets">{may("train") && <a class="button main" href={href("/datasets/new")}>Upload a table</a>}</Heading>
      {upload.value && <Sending {...upload.value} />}
      {arrived.value && <Notice tone="good">Uploaded: <a href={href(`/datasets/${arrived.value.id}`)}>{arrived.value.name}</a></Notice>}
      <Loaded of={page}>
        {({ data, has_more, next }) =>
          data.length === 0 ? (
            after ? <Empty title="These are all"><p><a href={href("/datasets")}>Back to the newest datasets</a></p></Empty> : <None />
          ) : (
            <>
              <div class="scroll" tabIndex={0} role="region" aria-label="Datasets">
                <table class="datasets">
                  <thead>
                    <tr>
                      <th scope="col">Name</th><th scope="col">State</th><th scope="col" class="number">Rows</th><th scope="col" class="number">Rejected</th>
                      <th scope="col" class="number">Columns</th><th scope="col" class="number">Size</th><th scope="col">Uploaded</th><th scope="col">Next</th>
                    </tr>
                  </thead>
                  <tbody>
                    {data.map((one) => (
                      <tr key={one.id}>
                        <th scope="row" class="name"><a href={href(`/datasets/${one.id}`)}>{one.name}</a></th>
                        <td><State state={one.state} /></td>
                        <td class="number">{count(one.rows)}</td>
                        <td class="number">{one.rejected_rows ? <a href={href(`/datasets/${one.id}`, { view: "rejected" })}>{count(one.rejected_rows)}</a> : count(one.rejected_rows)}</td>
                        <td class="number">{count(one.column_count)}</td>
                        <td class="number">{bytes(one.bytes)}</td>
                        <td class="nowrap" title={moment(one.created_at)}>{ago(one.created_at)}</td>
                        <td>{one.state === "ready" && may("train") && <a href={href("/train", { dataset: one.id })} aria-label={`Train on ${one.name}`}>Train</a>}</td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
              <nav class="row" aria-label="Pages of the list">
                {after && <a class="button" href={href("/datasets")}>Newest</a>}
                {has_more && next && <a class="button" href={href("/datasets", { after: next })}>Older</a>}
              </nav>
            </>
          )
        }
      </Loaded>
    </>
  );
}

function None() {
  return (
    <Empty title="No table is here yet">
      <p>A dataset is a table that models are trained on: a row for each example, a column for each thing that is known of it, and one for what is to be predicted.</p>
      {may("train") ? <a class="button main" href={href("/datasets/new")}>Upload a table</a> : <p>This key may not upload: that needs a key with the scope “train”.</p>}
    </Empty>
  );
}
