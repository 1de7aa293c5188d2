import type { Schema } from "../../api/client";

/** A picture of a version, drawn when it was trained; nothing where the version has none of this name. */
export function Picture({ version, file, caption }: { version: Schema<"Version">; file: string; caption: string }) {
  if (!version.files.some(({ name }) => name === file)) return null;
  return (
    <figure class="picture">
      <div class="picture-room" tabIndex={0} role="group" aria-label={caption}>
        <img src={fileAddress(version, file)} alt={caption} />
      </div>
      <figcaption>{caption}</figcaption>
    </figure>
  );
}

/** Where a file of a version is had. */
export function fileAddress({ model, version }: Schema<"Version">, file: string): string {
  return `/v1/models/${encodeURIComponent(model)}/versions/${version}/files/${encodeURIComponent(file)}`;
}

/** The name of a picture of one of several targets (from 1); of the only one with number 0. */
export function pictureOf(name: string, target: number): string {
  return target ? `${name}-${target}.svg` : `${name}.svg`;
}
