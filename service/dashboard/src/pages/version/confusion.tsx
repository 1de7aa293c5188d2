import type { Schema } from "../../api/client";
import { count, percent } from "../../words/format";

const MOST = 30;

/** Which class was predicted for rows of which class: counts, and the share of each true class that was found. */
export function Confusion({ matrix, classes, part }: { matrix: number[][] | undefined; classes: Schema<"Classes"> | null | undefined; part: string }) {
  if (!matrix?.length) return null;
  if (matrix.length > MOST) return <p class="quiet">The confusion matrix has {matrix.length} classes; it is among the files, in report.json.</p>;
  const names = matrix.map((_, place) => String(classes?.per_class?.[place]?.class ?? `class ${place + 1}`));
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label="Confusion matrix">
      <table class="matrix">
        <caption class="visually-hidden">Confusion matrix on the {part} rows: a row for each true class, a column for each predicted one</caption>
        <thead>
          <tr>
            <th scope="col">True class</th>
            {names.map((name, place) => <th key={place} scope="col">predicted {name}</th>)}
            <th scope="col">found</th>
          </tr>
        </thead>
        <tbody>
          {matrix.map((row, truth) => {
            const all = row.reduce((sum, cell) => sum + cell, 0);
            return (
              <tr key={truth}>
                <th scope="row">{names[truth]}</th>
                {row.map((cell, place) => <td key={place} class={place === truth ? "number right" : "number"}>{count(cell)}</td>)}
                <td class="number quiet">{all ? percent((row[truth] ?? 0) / all) : "–"}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
