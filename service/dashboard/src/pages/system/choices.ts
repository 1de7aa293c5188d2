/** What can be chosen of keys and webhooks, in the words of the API and in a person's. */

export const SCOPES = [
  ["read", "look at datasets, jobs and models, and download what belongs to them"],
  ["predict", "predict with one's own models and those that are shared"],
  ["train", "upload, train, promote, share and delete; reads and predicts too"],
  ["admin", "keys of every owner, and the whole server; everything else too"],
] as const;
export type Scope = (typeof SCOPES)[number][0];

export const EVENTS = ["job.succeeded", "job.failed", "job.cancelled", "version.published"] as const;
export type EventName = (typeof EVENTS)[number];

export const EXPIRIES = [
  ["never", null],
  ["in 7 days", 7],
  ["in 30 days", 30],
  ["in 90 days", 90],
  ["in a year", 365],
] as const;

export const LIMITS = [
  ["stored_bytes", "Stored bytes"],
  ["datasets", "Datasets"],
  ["queued_jobs", "Jobs that wait"],
  ["running_jobs", "Jobs that run at a time"],
  ["requests_per_second", "Requests in a second"],
  ["rows", "Rows of a dataset"],
  ["columns", "Columns of a dataset"],
  ["parameters", "Weights and biases of a network"],
  ["job_seconds", "Seconds that a job works"],
] as const;
export type LimitName = (typeof LIMITS)[number][0];

export function isOwner(name: string): boolean {
  return /^[a-z0-9][a-z0-9._-]{0,63}$/.test(name);
}

/** When a key ends that is made now, as the API takes it. */
export function expiry(days: number | null, now: number): string | null {
  return days === null ? null : new Date(now + days * 86_400_000).toISOString();
}

/** The limits that were typed: those left empty are left out. What is no whole number is told by its name. */
export function limitsOf(
  typed: Readonly<Record<string, string>>, read: (text: string) => number | null,
): { limits: Partial<Record<LimitName, number>>; wrong: Partial<Record<LimitName, string>> } {
  const limits: Partial<Record<LimitName, number>> = {};
  const wrong: Partial<Record<LimitName, string>> = {};
  for (const [name] of LIMITS) {
    const text = (typed[name] ?? "").trim();
    if (text === "") continue;
    const value = read(text);
    if (value === null || !Number.isSafeInteger(value) || value < 0) wrong[name] = "a whole number, 0 for no limit";
    else limits[name] = value;
  }
  return { limits, wrong };
}
