import { isSame, word } from "./draft.ts";
import type { FormField, Json, Way } from "./schema.ts";

/** What can be chosen for a field: its default, one of its words, or a way that something is typed in. */
export interface Choice {
  text: string;
  /** what the draft holds once it is chosen; undefined: the default, or what is still to be typed */
  value: Json | undefined;
  /** where something is to be typed */
  way: Way | undefined;
}

const CALLED = { number: "a number …", text: "a text …", list: "a list …", object: "values of its own …", json: "as JSON …" } as const;

export function choicesOf({ ways, preset }: FormField): Choice[] {
  const isWord = ways.some((way) => way.is === "word" && isSame(way.value, preset));
  const first: Choice[] = isWord ? [] : [{ text: preset === undefined ? "not set" : `${word(preset)} (default)`, value: undefined, way: undefined }];
  return first.concat(
    ways.map((way) => {
      if (way.is !== "word") return { text: CALLED[way.is], value: way.is === "object" ? {} : undefined, way };
      const isPreset = isSame(way.value, preset);
      return { text: `${word(way.value)}${isPreset ? " (default)" : ""}`, value: isPreset ? undefined : way.value, way: undefined };
    }),
  );
}

/** The choice that a value is; what is typed and cannot be read belongs to where it was typed. */
export function choiceOf(choices: Choice[], value: Json | undefined, preset?: Json): number {
  if (value === undefined || (preset !== undefined && isSame(value, preset))) return choices.findIndex((choice) => choice.way === undefined && choice.value === undefined);
  const exact = choices.findIndex((choice) => choice.way === undefined && isSame(choice.value, value));
  if (exact >= 0) return exact;
  const fits = choices.findIndex(({ way }) => way !== undefined && holds(way, value));
  return fits >= 0 ? fits : choices.findIndex(({ way }) => way !== undefined);
}

function holds(way: Way, value: Json): boolean {
  if (way.is === "number") return typeof value === "number";
  if (way.is === "text") return typeof value === "string";
  if (way.is === "list") return Array.isArray(value);
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The way of a field that has no other, such as a plain number; undefined where there is something to choose. */
export function onlyWay({ ways }: FormField): Way | undefined {
  const [way, ...others] = ways;
  return others.length === 0 && way?.is !== "word" ? way : undefined;
}
