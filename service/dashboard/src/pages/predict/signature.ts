import { api, bodyOf, may, session } from "../../api/client";
import { readManifest } from "../../api/manifest";
import { ApiProblem } from "../../api/problem";
import type { Schema } from "../../api/client";
import { type FeatureField, type Seen, bare, fieldOf, kindOfTensor } from "../../ui/features/fields";
import { readReference } from "../../words/reference";

/** What a row for a model must have, and what its answers are of. */
export interface Signature {
  /** As /predict takes it. */
  reference: string;
  model: string;
  version: number;
  /** Another owner's: nothing but its inputs is known. */
  isShared: boolean;
  task: string | null;
  targets: string[];
  fields: FeatureField[];
  /** null where nobody says. */
  isLinear: boolean | null;
  calibrationRows: number | null;
  dataset: string | null;
}

const MOST_PROFILED = 2000;

/** The signature of `name`, `name@alias`, `name:version`, or of `owner/…` of these. Throws ApiProblem. */
export async function loadSignature(text: string): Promise<Signature> {
  const reference = readReference(text);
  if (!reference) throw notFound(`“${text}” names no model; write name, name@alias or name:version, with owner/ before it where another owner shares it.`);
  const isOwn = reference.owner === null || reference.owner === session.value?.owner;
  if (!isOwn || !may("read")) return byTensors(text.trim(), reference.version, !isOwn);
  const model = await bodyOf(api.GET("/v1/models/{name}", { params: { path: { name: reference.name } } }));
  const version = reference.version ?? (reference.alias === null ? model.serves : (model.aliases?.[reference.alias] ?? null));
  if (version === null) throw notFound(reference.alias ? `The model ${model.name} has no alias “${reference.alias}”.` : `The model ${model.name} has no version any more: train one.`);
  const path = { name: model.name, version };
  const [told, trained] = await Promise.all([
    bodyOf(api.GET("/v1/models/{name}/versions/{version}", { params: { path } })),
    manifestOf(path),
  ]);
  const seen = await profileOf(told.dataset, told.features.length);
  const known = new Map(trained?.features.map((one) => [one.name, one]));
  return {
    reference: text.trim(),
    model: model.name,
    version,
    isShared: false,
    task: told.task,
    targets: typeof told.target === "string" ? [told.target] : told.target,
    fields: told.features.map(({ name, kind }) => {
      const feature = known.get(name);
      return feature ? fieldOf(feature, seen.get(name)) : bare(name, kind);
    }),
    isLinear: trained?.isLinear ?? null,
    calibrationRows: trained?.calibrationRows ?? null,
    dataset: told.dataset,
  };
}

function notFound(detail: string): ApiProblem {
  return new ApiProblem({ status: 404, code: "page", title: "There is no such model", detail, errors: [] });
}

async function manifestOf(path: { name: string; version: number }) {
  try {
    const document: unknown = await bodyOf(
      api.GET("/v1/models/{name}/versions/{version}/files/{file}", { params: { path: { ...path, file: "manifest.json" } }, parseAs: "json" }),
    );
    return readManifest(document);
  } catch (error) {
    if (error instanceof ApiProblem && error.status !== 401 && error.status !== 0) return null;  // ranges are help: the form does without
    throw error;
  }
}

/** Medians and frequent words of the table that the version was trained on; empty where it is gone, or very wide. */
async function profileOf(dataset: string, features: number): Promise<Map<string, Seen>> {
  if (features > MOST_PROFILED) return new Map();
  try {
    const profile: Schema<"Profile"> = await bodyOf(api.GET("/v1/datasets/{id}/profile", { params: { path: { id: dataset } } }));
    return new Map(profile.columns.map((one) => [one.name, one]));
  } catch (error) {
    if (error instanceof ApiProblem && error.status !== 401 && error.status !== 0) return new Map();
    throw error;
  }
}

/** What the Open Inference Protocol tells of a model to whoever may predict with it. */
async function byTensors(reference: string, version: number | null, isShared: boolean): Promise<Signature> {
  const name = reference.replace(/:\d+$/, "");
  const told =
    version === null
      ? await bodyOf(api.GET("/v2/models/{name}", { params: { path: { name } } }))
      : await bodyOf(api.GET("/v2/models/{name}/versions/{version}", { params: { path: { name, version: String(version) } } }));
  return {
    reference,
    model: name.replace(/@.*$/, ""),
    version: version ?? Number(told.versions[0] ?? 0),
    isShared,
    task: null,
    targets: [],
    fields: told.inputs.map((input) => bare(input.name, kindOfTensor(input.datatype))),
    isLinear: null,
    calibrationRows: null,
    dataset: null,
  };
}
