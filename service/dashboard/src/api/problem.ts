import type { components } from "./schema";

/** What the API says is wrong (RFC 9457), with the places in the request where it is known, and what is in the way. */
export interface Problem {
  status: number;
  code: string;
  title: string;
  detail: string;
  errors: { pointer: string; detail: string }[];
  references?: components["schemas"]["Reference"][];
}

export class ApiProblem extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail || problem.title);
    this.name = "ApiProblem";
  }

  get status(): number {
    return this.problem.status;
  }

  get code(): string {
    return this.problem.code;
  }

  /** What is said of one place, such as "/batch_size"; empty where nothing is. */
  at(pointer: string): string {
    return this.problem.errors.filter((error) => error.pointer === pointer).map((error) => error.detail).join("; ");
  }
}

/** The problem of an answer that is none of the successes. */
export async function problemOf(response: Response): Promise<ApiProblem> {
  const text = await response.text().catch(() => "");
  return problemFrom(response.status, text);
}

/** The same of an answer's status and text. */
export function problemFrom(status: number, text: string): ApiProblem {
  try {
    const told = JSON.parse(text) as Partial<Problem> & { error?: string };
    // /v2 says {"error": "…"}, as its protocol has it
    const title = told.title ?? (told.detail ? "" : `The server answered with status ${status}`);
    return new ApiProblem({ status, code: told.code ?? "", title, detail: told.detail ?? told.error ?? "", errors: told.errors ?? [], references: told.references ?? [] });
  } catch {
    return new ApiProblem({ status, code: "", title: `The server answered with status ${status}`, detail: text.slice(0, 500), errors: [] });
  }
}

/** Any error as a problem, for a page to show. */
export function asProblem(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error;
  const detail = error instanceof Error ? error.message : String(error);
  return new ApiProblem({ status: 0, code: "page", title: "The page failed", detail, errors: [] });
}
