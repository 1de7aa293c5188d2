import { api, bodyOf, may, session } from "../api/client";
import { useResource } from "../api/use";
import { href } from "../router";
import { Card, Empty, Heading, Loaded, Notice, Progress, State } from "../ui/parts";
import { ago, counted, percent, seconds } from "../words/format";
import "../styles/overview.css";

const MOST = 6;

/** What is here: the newest datasets, jobs and models, or what to do first. */
export default function Overview() {
  if (may("read")) return <All />;
  return (
    <>
      <Heading title="Overview" />
      <Empty title="Your key does not look at what is here">
        <p>It has {session.value?.scopes.join(", ") || "no scope"}; lists need the scope <code>read</code>.</p>
        {may("predict") && <a class="button main" href={href("/predict")}>Predict with a model</a>}
      </Empty>
    </>
  );
}

async function ask() {
  const query = { limit: MOST };
  const [datasets, jobs, models, shared] = await Promise.all([
    bodyOf(api.GET("/v1/datasets", { params: { query } })),
    bodyOf(api.GET("/v1/jobs", { params: { query } })),
    bodyOf(api.GET("/v1/models", { params: { query } })),
    bodyOf(api.GET("/v1/shared-models")),
  ]);
  return { datasets, jobs, models, shared };
}

type Here = Awaited<ReturnType<typeof ask>>;

function All() {
  const all = useResource(ask, [], 5);
  const canTrain = may("train");
  return (
    <>
      <Heading title="Overview">{canTrain && <a class="button main" href={href("/datasets/new")}>Upload a table</a>}</Heading>
      {!canTrain && <Notice><p>Your key may {session.value?.scopes.join(" and ")}; to upload and train it lacks the scope <code>train</code>.</p></Notice>}
      <Loaded of={all}>
        {(here) => (
          <>
            {(here.datasets.data.length === 0 || here.models.data.length === 0) && canTrain && <Steps here={here} />}
            {here.datasets.data.length + here.jobs.data.length + here.models.data.length + here.shared.data.length === 0 && !canTrain && <Empty title="Nothing is here"><p>Neither you nor anybody for you has uploaded a table, and nobody shares a model with you.</p></Empty>}
            <div class="columns">
              {here.datasets.data.length > 0 && <Datasets here={here} />}
              {here.jobs.data.length > 0 && <Jobs here={here} />}
              {here.models.data.length > 0 && <Models here={here} />}
              {here.shared.data.length > 0 && <Shared here={here} />}
            </div>
          </>
        )}
      </Loaded>
    </>
  );
}

/** From a table to a prediction, for who has not been there yet. */
function Steps({ here: { datasets, models } }: { here: Here }) {
  const hasTable = datasets.data.length > 0;
  const [table] = datasets.data;
  return (
    <Card title="From a table to a prediction">
      <ol class="steps">
        <li>
          <strong>Upload a table</strong> {hasTable && <span class="badge good">done</span>}
          <p class="quiet">A CSV or Parquet file, or cells pasted from a spreadsheet. You see how it is read before it is stored.</p>
          {!hasTable && <a class="button main" href={href("/datasets/new")}>Upload a table</a>}
        </li>
        <li>
          <strong>Train a model</strong> {models.data.length > 0 && <span class="badge good">done</span>}
          <p class="quiet">Choose the column to predict; a linear neuron or a network learns it, and a report says how well.</p>
          {hasTable && models.data.length === 0 && <a class="button main" href={href("/train", { dataset: table?.id })}>Train on {table?.name}</a>}
        </li>
        <li>
          <strong>Predict</strong>
          <p class="quiet">Type a row into a form, or drop a file and get it back with predictions.</p>
        </li>
      </ol>
      <p><a href={href("/learn")}>Or see first how a neuron learns</a></p>
    </Card>
  );
}

function Datasets({ here: { datasets } }: { here: Here }) {
  return (
    <Card title={<a href={href("/datasets")}>Datasets</a>}>
      <ul class="newest">
        {datasets.data.map((one) => (
          <li key={one.id}>
            <a href={href(`/datasets/${one.id}`)}>{one.name}</a>
            <span class="quiet small">{one.state !== "ready" && <State state={one.state} />} {one.rows === null ? "" : `${counted(one.rows, "row")}, `}{ago(one.created_at)}</span>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Jobs({ here: { jobs } }: { here: Here }) {
  return (
    <Card title={<a href={href("/jobs")}>Jobs</a>}>
      <ul class="newest">
        {jobs.data.map((one) => (
          <li key={one.id}>
            <a href={href(`/jobs/${one.id}`)}>{one.model_name ?? one.kind}</a>
            <span class="quiet small"><State state={one.state} /> {ago(one.created_at)}</span>
            {one.state === "running" && one.progress && (
              <>
                <Progress fraction={one.progress.fraction ?? null} label={`How far ${one.model_name ?? one.kind} is`} />
                <span class="quiet small">{percent(one.progress.fraction)}{one.progress.eta_seconds ? `, about ${seconds(one.progress.eta_seconds)} left` : ""}</span>
              </>
            )}
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Models({ here: { models } }: { here: Here }) {
  return (
    <Card title={<a href={href("/models")}>Models</a>}>
      <ul class="newest">
        {models.data.map((one) => (
          <li key={one.name}>
            <a href={href(`/models/${encodeURIComponent(one.name)}`)}>{one.name}</a>
            <span class="quiet small">
              {one.serves === null ? "no version" : `version ${one.serves} serves`}, {ago(one.updated_at)}
              {one.serves !== null && may("predict") && <> <a href={href(`/predict/${encodeURIComponent(one.name)}`)} aria-label={`Predict with ${one.name}`}>Predict</a></>}
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Shared({ here: { shared } }: { here: Here }) {
  return (
    <Card title="Models shared with you">
      <ul class="newest">
        {shared.data.slice(0, MOST).map((one) => (
          <li key={one.model}>
            {may("predict") ? <a href={href(`/predict/${encodeURIComponent(one.model)}`)}>{one.model}</a> : one.model}
            <span class="quiet small">shared {ago(one.created_at)}</span>
          </li>
        ))}
      </ul>
      {shared.data.length > MOST && <p><a href={href("/predict")}>All {counted(shared.data.length, "shared model")}</a></p>}
    </Card>
  );
}
