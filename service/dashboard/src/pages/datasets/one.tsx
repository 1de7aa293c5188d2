import { api, bodyOf, may, type Schema } from "../../api/client";
import { useResource } from "../../api/use";
import { href, place, setQuery } from "../../router";
import { Card, Heading, Loaded, Notice, Stat, State, Stats, Tabs, Waiting } from "../../ui/parts";
import { bytes, count, moment } from "../../words/format";
import { Columns } from "./columns";
import { Dialect } from "./dialect";
import { Rejects } from "./rejects";
import { Remove } from "./remove";
import { Rows } from "./rows";
import { last, takeUp } from "./upload/draft";
import "../../styles/data.css";

type Dataset = Schema<"Dataset">;
const VIEWS = ["Columns", "Rows", "Rejected rows", "How it was read"] as const;
const BY_WORD: Record<string, (typeof VIEWS)[number]> = { rows: "Rows", rejected: "Rejected rows", reading: "How it was read" };
const LOOK_SECONDS = 1;

/** A dataset: while it is read, what went wrong, or what is in it. */
export default function One({ named: { id = "" } }: { named: { id?: string } }) {
  const first = useResource(() => bodyOf(api.GET("/v1/datasets/{id}", { params: { path: { id } } })), [id]);
  const isRead = first.data !== undefined && first.data.state !== "ingesting";
  return (
    <>
      {first.data === undefined && <Heading title="Dataset" above={<Up />} />}
      <Loaded of={first}>{(dataset) => (isRead ? <Read of={dataset} /> : <Ingesting of={dataset} onRead={first.reload} />)}</Loaded>
    </>
  );
}

const Up = () => <a class="small" href={href("/datasets")}>Datasets</a>;

/** Asked again every second until it has been read. */
function Ingesting({ of, onRead }: { of: Dataset; onRead: () => void }) {
  const now = useResource(
    async () => {
      const dataset = await bodyOf(api.GET("/v1/datasets/{id}", { params: { path: { id: of.id } } }));
      if (dataset.state !== "ingesting") onRead();
      return dataset;
    },
    [of.id],
    LOOK_SECONDS,
  );
  const passed = (Date.now() - new Date(of.created_at).getTime()) / 1000;
  return (
    <>
      <Top of={of} />
      <Card>
        <Loaded of={now}>
          {() => (
            <div class="stack tight">
              <Waiting>To be read by a worker, which finds the kind of each column by all rows and counts what is in it …</Waiting>
              {passed > 20 && <p class="quiet small">It was uploaded {Math.round(passed)} seconds ago. Whether a worker is there and what it does is told on the page <a href={href("/system")}>System</a>.</p>}
            </div>
          )}
        </Loaded>
      </Card>
    </>
  );
}

function Read({ of }: { of: Dataset }) {
  const { query } = place.value;
  const isLast = last.value?.id === of.id;
  const view = BY_WORD[query.get("view") ?? ""] ?? "Columns";
  const show = (name: (typeof VIEWS)[number]) => setQuery({ view: Object.keys(BY_WORD).find((word) => BY_WORD[word] === name) });
  return (
    <>
      <Top of={of} />
      {query.get("again") === "yes" && <Notice>The same bytes with the same options were uploaded before: this is that dataset, and nothing was stored again.</Notice>}
      {of.state === "failed" && (
        <Notice tone="bad">
          <strong>The file could not be read.</strong>
          <p>{of.error?.detail}</p>
          {may("train") && !isLast && <p><a href={href("/datasets/new")}>Upload it again</a>, mended or with another way of reading it.</p>}
        </Notice>
      )}
      {isLast && may("train") && (
        <div><button type="button" class="button" onClick={takeUp}>Read the file again in another way</button></div>
      )}
      <Figures of={of} />
      {of.state === "ready" ? (
        <>
          <Tabs names={VIEWS} chosen={view} onChoose={show} label="What to see of the dataset" />
          {view === "Columns" && <Columns of={of} />}
          {view === "Rows" && <Rows of={of} />}
          {view === "Rejected rows" && <Rejects of={of} />}
          {view === "How it was read" && <Dialect of={of} />}
        </>
      ) : (
        <Rejects of={of} />
      )}
    </>
  );
}

function Top({ of }: { of: Dataset }) {
  return (
    <Heading title={of.name} above={<Up />}>
      <State state={of.state} />
      {of.state === "ready" && may("train") && <a class="button main" href={href("/train", { dataset: of.id })}>Train on it</a>}
      <a class="button" href={`/v1/datasets/${encodeURIComponent(of.id)}/content`} download={of.name}>Download the file</a>
      <Remove of={of} />
    </Heading>
  );
}

function Figures({ of }: { of: Dataset }) {
  return (
    <Card>
      <Stats>
        <Stat name="Rows">{count(of.rows)}</Stat>
        <Stat name="Columns">{count(of.columns?.length)}</Stat>
        <Stat name="Rejected rows">{count(of.rejected_rows)}</Stat>
        <Stat name="Size">{bytes(of.bytes)}</Stat>
        <Stat name="Uploaded"><span class="moment">{moment(of.created_at)}</span></Stat>
      </Stats>
    </Card>
  );
}
