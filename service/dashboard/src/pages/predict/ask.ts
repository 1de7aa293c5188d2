import { api, bodyOf } from "../../api/client";
import { ApiProblem } from "../../api/problem";
import type { Cell } from "../../ui/features/row";
import { type Answer, answerOf } from "./answers";
import type { Signature } from "./signature";

/** What is asked for beside the prediction. */
export interface Wanted {
  intervals: number | null;
  contributions: boolean;
}

export interface Told {
  answer: Answer;
  /** Why what was wanted is not there, by what it is. */
  left: { intervals?: string; contributions?: string };
}

const BESIDE = ["intervals", "contributions"] as const;

/** Ask for one row. What this model cannot tell beside its prediction is left out, with the reason. Throws ApiProblem. */
export async function askRow(signature: Signature, record: Record<string, Cell>, wanted: Wanted, signal: AbortSignal): Promise<Told> {
  const left: Told["left"] = {};
  for (;;) {
    const query = {
      flags: true,
      ...(wanted.intervals !== null && !left.intervals ? { intervals: wanted.intervals } : {}),
      ...(wanted.contributions && !left.contributions ? { contributions: true } : {}),
    };
    try {
      const told = await bodyOf(
        api.POST("/v1/models/{ref}/predict", { params: { path: { ref: signature.reference }, query }, body: { records: [record] }, signal }),
      );
      if (typeof told === "string") throw new Error("the answer is not JSON");
      return { answer: answerOf(told, signature.targets, new Set(signature.fields.map(({ name }) => name))), left };
    } catch (error) {
      const refused = BESIDE.find((name) => name in query && error instanceof ApiProblem && error.at(`/${name}`));
      if (!refused || !(error instanceof ApiProblem)) throw error;
      left[refused] = error.at(`/${refused}`).replace(`${refused}: `, "");
    }
  }
}

/** What is wrong with fields of the row, by their names; null where the problem is none of the fields'. */
export function wrongFields(problem: ApiProblem): Record<string, string> | null {
  const found: [string, string][] = [];
  for (const { pointer, detail } of problem.problem.errors) {
    const name = /^\/records\/0\/(.+)$/s.exec(pointer)?.[1];
    if (name !== undefined) found.push([name.replaceAll("~1", "/").replaceAll("~0", "~"), detail]);
  }
  return found.length > 0 ? Object.fromEntries(found) : null;
}
