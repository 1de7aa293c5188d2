import type { Schema } from "../../api/client";
import { Card } from "../../ui/parts";
import { bytes } from "../../words/format";
import { fileAddress } from "./picture";

const MEANINGS: [RegExp, string][] = [
  [/^report\.json$/, "all figures of this page"],
  [/^manifest\.json$/, "how rows become numbers, and numbers predictions"],
  [/\.safetensors$/, "the weights, as numbers"],
  [/\.onnx$/, "predicts in any ONNX runtime"],
  [/^predict\.py$/, "predicts by itself, in Python with NumPy"],
  [/\.md$/, "model card: what to know before it is used"],
  [/\.svg$/, "picture"],
];

/** The files of a version, to take away. */
export function Files({ version }: { version: Schema<"Version"> }) {
  return (
    <section class="stack" aria-labelledby="files">
      <h2 id="files">Files</h2>
      <Card>
        <div class="scroll" tabIndex={0} role="group" aria-label="Files">
          <table>
            <thead><tr><th scope="col">File</th><th scope="col" class="number">Size</th><th scope="col">What it is</th></tr></thead>
            <tbody>
              {version.files.map((file) => (
                <tr key={file.name}>
                  <th scope="row"><a href={fileAddress(version, file.name)} download={`${version.model}-${version.version}-${file.name}`}>{file.name}</a></th>
                  <td class="number">{bytes(file.bytes)}</td>
                  <td class="quiet small says" title={`SHA-256 ${file.sha256}`}>{MEANINGS.find(([pattern]) => pattern.test(file.name))?.[1] ?? ""}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </Card>
    </section>
  );
}
