import type { Schema } from "../../api/client";
import { Notice } from "../../ui/parts";
import { counted, number, percent } from "../../words/format";

/** How well a linear neuron can predict the chosen column from the other numeric ones, before anyone has trained one. */
export function Reach({ of: { optimum, curvature }, chosen, others }: { of: Schema<"LinearOfColumn">; chosen: string; others: number }) {
  const condition = curvature.raw?.condition_number;
  return (
    <Notice>
      {optimum ? (
        <p>
          A linear neuron that predicts <strong>{chosen}</strong> from the {counted(others, "other numeric or boolean column")} explains at best {percent(optimum.r2)} of its variance on these rows (r² = {number(optimum.r2, 3)}); its error is then {number(Math.sqrt(optimum.mse), 3)} at the root of the mean square.
        </p>
      ) : (
        <p>Some cells of <strong>{chosen}</strong> are missing, so that the best fit of a linear neuron is not told before one is trained.</p>
      )}
      {condition !== undefined && curvature.scaled && (
        <p class="quiet small">Condition number: {number(condition)} as they are, {number(curvature.scaled.condition_number)} once they are scaled. The greater it is, the more epochs descent needs.</p>
      )}
    </Notice>
  );
}
