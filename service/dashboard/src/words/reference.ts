/** A model's reference: `name`, `name@alias` or `name:version`, with `owner/` before it where another shares it. */
export interface Reference {
  owner: string | null;
  name: string;
  alias: string | null;
  version: number | null;
}

/** null for what is none. */
export function readReference(text: string): Reference | null {
  const found = /^(?:([^/@:]+)\/)?([^/@:]+)(?:@([^/@:]+)|:([1-9]\d{0,9}))?$/.exec(text.trim());
  if (!found?.[2]) return null;
  return { owner: found[1] ?? null, name: found[2], alias: found[3] ?? null, version: found[4] === undefined ? null : Number(found[4]) };
}
