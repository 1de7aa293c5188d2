export function modelPath(name: string): string {
  return `/models/${encodeURIComponent(name)}`;
}

export function versionPath(name: string, version: number): string {
  return `${modelPath(name)}/versions/${version}`;
}

export function comparePath(name: string): string {
  return `${modelPath(name)}/compare`;
}

/** The page that predicts with `name`, `name:version` or `owner/name`. */
export function predictPath(ref: string): string {
  return `/predict/${encodeURIComponent(ref)}`;
}
