/** The learning rate below which no step of a run raises the loss on the rows of that step. */
import { eigen, hessianOf } from "./curvature.ts";
import { orderOfEpoch, rowsOfStep, type Settings } from "./descent.ts";
import type { Rows } from "./scaling.ts";

/** 2 over the greatest eigenvalue of the Hessian of any batch of the run. */
export function strictest(x: Rows, settings: Settings): number {
  const size = rowsOfStep(x.length, settings);
  // one row's Hessian has one eigenvalue that is not 0, 2(‖x‖² + 1), in whichever epoch it comes
  if (size === 1) return 1 / (1 + x.reduce((most, row) => Math.max(most, row.reduce((sum, value) => sum + value ** 2, 0)), 0));
  let greatest = 0;
  for (let epoch = 1; epoch <= (size >= x.length ? 1 : settings.epochs); epoch += 1) {
    const order = orderOfEpoch(x.length, settings, epoch);
    for (let from = 0; from < x.length; from += size) {
      greatest = Math.max(greatest, eigen(hessianOf(x, order.slice(from, from + size))).values[0] ?? 0);
    }
  }
  return 2 / greatest;
}
