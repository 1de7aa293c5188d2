import type { JsonObject, JsonSchema, Schemas } from "../ui/form/schema";
import { asProblem, problemOf } from "./problem";

let asked: Promise<Schemas> | undefined;

/** The schemas of the API's own document, as this server has them: asked for once. */
export function loadSchemas(): Promise<Schemas> {
  asked ??= load().catch((error: unknown) => {
    asked = undefined;
    throw asProblem(error);
  });
  return asked;
}

async function load(): Promise<Schemas> {
  const answer = await fetch("/openapi.json");
  if (!answer.ok) throw await problemOf(answer);
  const document: { components?: { schemas?: Schemas } } = await answer.json();
  return document.components?.schemas ?? {};
}

export type { JsonObject, JsonSchema, Schemas };
