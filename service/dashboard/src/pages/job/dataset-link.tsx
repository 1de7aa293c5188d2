import { api, bodyOf } from "../../api/client";
import { useResource } from "../../api/use";
import { href } from "../../router";

/** A dataset by its name; by its id until that is known, and where the dataset is gone. */
export function DatasetLink({ id }: { id: string }) {
  const dataset = useResource(() => bodyOf(api.GET("/v1/datasets/{id}", { params: { path: { id } } })), [id]);
  if (dataset.problem?.status === 404) return <><code>{id}</code> (deleted)</>;
  return <a href={href(`/datasets/${id}`)}>{dataset.data?.name ?? id}</a>;
}
