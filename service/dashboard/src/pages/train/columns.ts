import type { Draft } from "../../ui/form/draft.ts";
import type { Json } from "../../ui/form/schema.ts";

/** What a column must have for it to be chosen or not. */
export interface AnyColumn {
  name: string;
  kind: string;
  distinct: number;
}

/** The columns that are predicted. */
export function targetsOf(draft: Draft): string[] {
  const { target } = draft;
  return typeof target === "string" ? [target] : texts(target);
}

function texts(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}

/** Why a column is not learnt from unless it is asked for; empty for one that is. */
export function whyNot(column: AnyColumn, draft: Draft): string {
  if (targetsOf(draft).includes(column.name)) return "is predicted";
  if (draft.weight_column === column.name) return "weighs the rows";
  if (column.kind === "text") return "left out unless chosen";
  return column.distinct <= 1 ? "one value: left out unless chosen" : "";
}

/** The names of the columns that are learnt from. */
export function featuresOf(columns: AnyColumn[], draft: Draft): Set<string> {
  const targets = targetsOf(draft);
  const excluded = new Set(texts(draft.exclude));
  const listed = draft.features === undefined || draft.features === null ? null : new Set(texts(draft.features));
  const isIn = (column: AnyColumn) => (listed ? listed.has(column.name) : whyNot(column, draft) === "");
  return new Set(columns.filter((column) => isIn(column) && !excluded.has(column.name) && !targets.includes(column.name)).map(({ name }) => name));
}

/** The draft that learns from just these: without the few that are left out, or with a list of them, whichever is shorter. */
export function withFeatures(columns: AnyColumn[], draft: Draft, features: ReadonlySet<string>): Draft {
  const { features: _, exclude: __, ...rest } = draft;
  const usual = new Set(columns.filter((column) => whyNot(column, draft) === "").map(({ name }) => name));
  const listed = columns.filter(({ name }) => features.has(name)).map(({ name }) => name);
  const out = [...usual].filter((name) => !features.has(name));
  const isFewer = listed.every((name) => usual.has(name));
  if (isFewer && out.length === 0) return rest;
  return isFewer && out.length <= listed.length ? { ...rest, exclude: out } : { ...rest, features: listed };
}

/** The draft that predicts other columns; what was learnt from stays, but for these. */
export function withTargets(columns: AnyColumn[], draft: Draft, targets: string[]): Draft {
  const before = featuresOf(columns, draft);
  const usualBefore = columns.filter((column) => whyNot(column, draft) === "").map(({ name }) => name);
  const isUsual = before.size === usualBefore.length && usualBefore.every((name) => before.has(name));
  const { target: _, features: __, exclude: ___, ...rest } = draft;
  const [only, ...others] = targets;
  const next: Draft = only === undefined ? rest : { ...rest, target: others.length > 0 ? targets : only };
  if (isUsual) return next;
  const freed = targetsOf(draft).filter((name) => !targets.includes(name));  // predicted before, and a column like any other now
  return withFeatures(columns, next, new Set([...before, ...freed].filter((name) => !targets.includes(name))));
}

/** A spec of a job as a draft of its own: what it learnt from is told the shortest way. */
export function again(columns: AnyColumn[], spec: Draft): Draft {
  return withFeatures(columns, spec, featuresOf(columns, spec));
}

/** A name for the model, of letters that the API takes: "houses.csv" and "Price" give "houses-price". */
export function suggestedName(dataset: string, targets: string[]): string {
  const plain = `${dataset.replace(/\.[a-z0-9]{1,8}(\.gz|\.zst)?$/i, "")}-${targets[0] ?? "model"}`.normalize("NFKD").toLowerCase();
  const slug = plain.replace(/[^a-z0-9._-]+/g, "-").replace(/-{2,}/g, "-").replace(/^[^a-z0-9]+/, "").slice(0, 100).replace(/[-._]+$/, "");
  return slug || "model";
}
