/** What a model's manifest.json says of the features that it was trained on. Read with care: it is a file, not an answer. */

export type FeatureKind = "numeric" | "boolean" | "categorical" | "datetime" | "text";

export interface TrainedFeature {
  name: string;
  kind: FeatureKind;
  /** The range of the training rows; of times in seconds since 1970. */
  low: number | null;
  high: number | null;
  /** Those that the model tells apart, the most frequent first. */
  categories: string[];
  /** What takes the place of a missing cell; null where nothing does. */
  fill: number | string | null;
  /** The words for no and yes in its table. */
  words: [string, string] | null;
}

export interface Trained {
  features: TrainedFeature[];
  /** A sum of its features, so that what each adds can be told. */
  isLinear: boolean;
  /** How many rows the intervals are calibrated on; 0 where there are none. */
  calibrationRows: number;
}

type Fields = Record<string, unknown>;

const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);
const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {});
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const textsOf = (value: unknown): string[] => listOf(value).filter((one) => typeof one === "string");
const numberOf = (value: unknown): number | null => (typeof value === "number" ? value : null);
const textOf = (value: unknown): string | null => (typeof value === "string" ? value : null);

const KINDS: readonly string[] = ["numeric", "boolean", "categorical", "datetime", "text"] satisfies FeatureKind[];
const isKind = (value: unknown): value is FeatureKind => typeof value === "string" && KINDS.includes(value);

/** null where it is none that this page knows. */
export function readManifest(document: unknown): Trained | null {
  const manifest = fieldsOf(document);
  const given = fieldsOf(manifest["transform"])["features"];
  if (!Array.isArray(given)) return null;
  const words = fieldsOf(fieldsOf(manifest["text_style"])["words"]);
  const features: TrainedFeature[] = [];
  for (const one of given.map(fieldsOf)) {
    const name = textOf(one["name"]);
    const kind = one["kind"];
    if (name === null || !isKind(kind)) return null;
    const [no, yes] = textsOf(words[name]);
    features.push({
      name,
      kind,
      low: numberOf(one["low"]),
      high: numberOf(one["high"]),
      categories: [...new Set([...textsOf(one["categories"]), ...textsOf(fieldsOf(one["statistics"])["categories"])])],
      fill: numberOf(one["fill"]) ?? textOf(one["fill_category"]),
      words: no !== undefined && yes !== undefined ? [no, yes] : null,
    });
  }
  return {
    features,
    isLinear: listOf(fieldsOf(manifest["network"])["sizes"]).length === 2,
    calibrationRows: numberOf(fieldsOf(manifest["calibration"])["rows"]) ?? 0,
  };
}
