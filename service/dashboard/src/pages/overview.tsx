import { api, bodyOf } from "../api/client";
import { useResource } from "../api/use";
import { href } from "../router";
import { Card, Empty, Heading, Loaded, State } from "../ui/parts";
import { ago, counted } from "../words/format";

/** What is here: the newest datasets, jobs and models, or what to do first. */
export default function Overview() {
  const all = useResource(
    async () => ({
      datasets: await bodyOf(api.GET("/v1/datasets", { params: { query: { limit: 5 } } })),
      jobs: await bodyOf(api.GET("/v1/jobs", { params: { query: { limit: 5 } } })),
      models: await bodyOf(api.GET("/v1/models", { params: { query: { limit: 5 } } })),
    }),
    [],
    5,
  );
  return (
    <>
      <Heading title="Overview">
        <a class="button main" href={href("/datasets/new")}>Upload a table</a>
      </Heading>
      <Loaded of={all}>
        {({ datasets, jobs, models }) =>
          datasets.data.length === 0 && models.data.length === 0 ? (
            <Empty title="Nothing is here yet">
              <p>Upload a CSV or a Parquet file, choose the column to predict, and a linear neuron or a network is trained on it.</p>
              <div class="row">
                <a class="button main" href={href("/datasets/new")}>Upload a table</a>
                <a class="button" href={href("/learn")}>See how a neuron learns</a>
              </div>
            </Empty>
          ) : (
            <div class="columns">
              <Card title={<a href={href("/datasets")}>Datasets</a>}>
                <ul>
                  {datasets.data.map((one) => (
                    <li key={one.id}>
                      <a href={href(`/datasets/${one.id}`)}>{one.name}</a> <State state={one.state} />{" "}
                      <span class="quiet small">{one.rows ? counted(one.rows, "row") : ""} {ago(one.created_at)}</span>
                    </li>
                  ))}
                </ul>
              </Card>
              <Card title={<a href={href("/jobs")}>Jobs</a>}>
                <ul>
                  {jobs.data.map((one) => (
                    <li key={one.id}>
                      <a href={href(`/jobs/${one.id}`)}>{one.model_name ?? one.kind}</a> <State state={one.state} />{" "}
                      <span class="quiet small">{ago(one.created_at)}</span>
                    </li>
                  ))}
                </ul>
              </Card>
              <Card title={<a href={href("/models")}>Models</a>}>
                <ul>
                  {models.data.map((one) => (
                    <li key={one.name}>
                      <a href={href(`/models/${encodeURIComponent(one.name)}`)}>{one.name}</a> <span class="quiet small">{ago(one.created_at)}</span>
                    </li>
                  ))}
                </ul>
              </Card>
            </div>
          )
        }
      </Loaded>
    </>
  );
}
