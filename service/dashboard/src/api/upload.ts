import { refused, session, signIns } from "./client";
import { ApiProblem, problemFrom } from "./problem";

/** How much of a body has left the browser, in bytes. */
export interface Sent {
  sent: number;
  total: number;
}

export interface Sending {
  /** Below the server's address, such as "/v1/datasets". */
  path: string;
  query?: URLSearchParams;
  /** A file is read by the browser piece by piece as it is sent: it is never in memory as a whole. */
  body: Blob | FormData;
  /** Its type, unless it is a form: that has one of its own. */
  headers: Record<string, string>;
  onProgress?: (sent: Sent) => void;
  /** Its abort ends the request; the promise is then rejected with `Stopped`. */
  signal?: AbortSignal;
}

export interface Answered {
  status: number;
  /** Without its parameters. */
  mediaType: string;
  text: string;
}

/** What ends a request that a person has cancelled: nothing that is wrong. */
export class Stopped extends Error {
  constructor() {
    super("cancelled");
    this.name = "Stopped";
  }
}

const REFUSED = "The connection broke off before the server had the whole file, or the file was changed while it was sent. Is the server running? Try again.";

/** POST a body with its progress, which fetch does not tell. Throws ApiProblem, Stopped. */
export function send({ path, query, body, headers, onProgress, signal }: Sending): Promise<Answered> {
  const asked = query?.toString();
  const request = new XMLHttpRequest();
  const sentAt = signIns.value;
  return new Promise<Answered>((resolve, reject) => {
    if (signal?.aborted) return reject(new Stopped());
    const stop = () => request.abort();
    signal?.addEventListener("abort", stop, { once: true });
    request.open("POST", path + (asked ? `?${asked}` : ""));
    request.setRequestHeader("Accept", "application/json");
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    const token = session.value?.csrf_token;
    if (token) request.setRequestHeader("X-CSRF-Token", token);
    if (onProgress) request.upload.onprogress = (event) => onProgress({ sent: event.loaded, total: event.total });
    request.onload = () => {
      if (request.status === 401) refused(sentAt);
      if (request.status >= 400) return reject(problemFrom(request.status, request.responseText));
      const mediaType = (request.getResponseHeader("Content-Type") ?? "").split(";")[0]?.trim() ?? "";
      resolve({ status: request.status, mediaType, text: request.responseText });
    };
    request.onabort = () => reject(new Stopped());
    request.onerror = () =>
      reject(new ApiProblem({ status: 0, code: "unreachable", title: "The upload did not arrive", detail: REFUSED, errors: [] }));
    request.onloadend = () => signal?.removeEventListener("abort", stop);
    request.send(body);
  });
}
