/** Filters by metadata, as the query of a page and that of the API have them: `metadata.KEY=VALUE`. */

const PREFIX = "metadata.";

export function metadataOf(query: URLSearchParams): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, value] of query) if (name.startsWith(PREFIX) && name.length > PREFIX.length) found[name.slice(PREFIX.length)] = value;
  return found;
}

/** The parameters of the API for some metadata; give `FORM` with them, which writes each of them by its own name. */
export function asked(metadata: Record<string, string>): { metadata?: Record<string, string> } {
  const named = Object.entries(metadata).map(([key, value]) => [PREFIX + key, value] as const);
  return named.length ? { metadata: Object.fromEntries(named) } : {};
}

export const FORM = { object: { style: "form", explode: true } } as const;
