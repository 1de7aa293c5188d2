import { useState } from "preact/hooks";
import { api, bodyOf, type Schema } from "../../api/client";
import { type ApiProblem, asProblem } from "../../api/problem";

export type Alias = Schema<"Alias">;

/** An alias that is about to be moved, made or deleted: what was seen of it when the question was put. */
export interface Question {
  alias: string;
  /** The version that it is to point at; null where it is to be deleted. */
  version: number | null;
  /** null where there is no such alias yet. */
  seen: Alias | null;
  /** Whether somebody else has changed it since it was looked at before. */
  hasChanged: boolean;
}

/** The alias as it is now; null where there is none. */
async function look(name: string, alias: string): Promise<Alias | null> {
  const { aliases } = await bodyOf(api.GET("/v1/models/{name}", { params: { path: { name } } }));
  if (!Object.hasOwn(aliases, alias)) return null;
  try {
    return await bodyOf(api.GET("/v1/models/{name}/aliases/{alias}", { params: { path: { name, alias } } }));
  } catch (error) {
    if (asProblem(error).code === "alias_not_found") return null;
    throw error;
  }
}

async function answer(name: string, { alias, version, seen }: Question): Promise<void> {
  const header = seen ? { "If-Match": `"${seen.revision}"` } : { "If-None-Match": "*" };
  const params = { path: { name, alias }, header };
  if (version === null) await api.DELETE("/v1/models/{name}/aliases/{alias}", { params });
  else await api.PUT("/v1/models/{name}/aliases/{alias}", { params, body: { version } });
}

/**
 * Move, make or delete an alias in two steps: it is looked at and a question put, and what is answered holds only if nobody has
 * changed the alias in between; if somebody has, it is looked at again and the question put anew.
 */
export function usePointing(name: string, onDone: () => void) {
  const [question, setQuestion] = useState<Question | null>(null);
  const [problem, setProblem] = useState<ApiProblem>();
  const [done, setDone] = useState("");
  const [isRunning, setRunning] = useState(false);
  const attempt = async (work: () => Promise<void>) => {
    setRunning(true);
    setProblem(undefined);
    try {
      await work();
    } catch (error) {
      setQuestion(null);
      setProblem(asProblem(error));
    }
    setRunning(false);
  };
  return {
    question,
    problem,
    isRunning,
    /** What was done, in words. */
    done,
    ask: (alias: string, version: number | null) =>
      attempt(async () => {
        setDone("");
        const seen = await look(name, alias);
        if (seen && seen.version === version) setDone(`${alias} points at version ${version} already.`);
        else if (!seen && version === null) setDone(`There is no alias ${alias} any more.`);
        else setQuestion({ alias, version, seen, hasChanged: false });
      }),
    decide: (yes: boolean) =>
      attempt(async () => {
        if (!question || !yes) return setQuestion(null);
        const { alias, version } = question;
        try {
          await answer(name, question);
        } catch (error) {
          const code = asProblem(error).code;
          if (code !== "alias_changed" && code !== "alias_not_found") throw error;
          const seen = await look(name, alias);
          if (seen?.version === version || (!seen && version === null)) {
            setQuestion(null);
            setDone(`Somebody else has just done the same.`);
            return onDone();
          }
          return setQuestion({ alias, version, seen, hasChanged: true });
        }
        setQuestion(null);
        setDone(version === null ? `The alias ${alias} is gone.` : `${alias} points at version ${version} now.`);
        onDone();
      }),
  };
}
