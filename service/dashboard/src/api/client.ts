import { signal } from "@preact/signals";
import createClient, { type Middleware } from "openapi-fetch";
import type { components, paths } from "./schema";
import { ApiProblem, problemOf } from "./problem";

/** A schema of openapi.yaml by its name. */
export type Schema<Name extends keyof components["schemas"]> = components["schemas"][Name];
export type Session = Schema<"Session">;

/** Who asks; null until it is known, and where a key is needed. */
export const session = signal<Session | null>(null);
/** Whether the server asks for a key that the browser has not given, or for a new one: then `session` is the one that ended. */
export const needsKey = signal(false);
/** How often one has signed in since the page was loaded: what failed before is asked again when it changes. */
export const signIns = signal(0);

/** To be told of every 401, with the number of sign-ins when the request was sent: an answer to a session of before says nothing. */
export function refused(sentAt: number): void {
  if (sentAt === signIns.value) needsKey.value = true;
}

const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

const sentAt = new Map<string, number>();

const guard: Middleware = {
  onRequest({ request, id }) {
    sentAt.set(id, signIns.value);
    const token = session.value?.csrf_token;
    if (token && !SAFE.has(request.method)) request.headers.set("X-CSRF-Token", token);
    return request;
  },
  async onResponse({ request, response, id }) {
    const sent = sentAt.get(id) ?? signIns.value;
    sentAt.delete(id);
    if (response.ok) return response;
    if (response.status === 401 && !request.url.endsWith("/v1/session")) refused(sent);
    throw await problemOf(response);
  },
  onError({ id }) {
    sentAt.delete(id);
    return new ApiProblem({ status: 0, code: "unreachable", title: "The server does not answer", detail: "Is it running? The page asks again when you try once more.", errors: [] });
  },
};

/** The API, typed by openapi.yaml: a change there that a page does not follow fails to compile. Throws ApiProblem. */
export const api = createClient<paths>({ baseUrl: window.location.origin });
api.use(guard);

/** The body of an answer; openapi-fetch leaves it undefined where an error was thrown, which ends here first. */
export async function bodyOf<T>(answer: Promise<{ data?: T }>): Promise<T> {
  const { data } = await answer;
  return data as T;
}

/** Ask who asks: the session of this browser, or the owner of a server without keys. */
export async function loadSession(): Promise<void> {
  try {
    session.value = await bodyOf(api.GET("/v1/session"));
    needsKey.value = false;
  } catch (error) {
    if (!(error instanceof ApiProblem) || error.status !== 401) throw error;
    session.value = null;
    needsKey.value = true;
  }
}

export async function signIn(key: string): Promise<void> {
  session.value = await bodyOf(api.POST("/v1/session", { body: { key } }));
  signIns.value += 1;
  needsKey.value = false;
}

export async function signOut(): Promise<void> {
  try {
    await api.DELETE("/v1/session");
  } catch (error) {
    if (!(error instanceof ApiProblem) || error.status !== 401) throw error;  // the session had ended before
  }
  session.value = null;
  needsKey.value = true;
}

/** Whether what the key opens includes a scope: what it does not is shown as closed, not tried. */
export function may(scope: "read" | "predict" | "train" | "admin"): boolean {
  return session.value?.scopes.includes(scope) ?? false;
}
