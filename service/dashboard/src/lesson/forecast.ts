/** What batch descent will do, from the curvature alone, without making its steps. */
import type { Curvature } from "./curvature.ts";

const LONGEST = 2 ** 50;

/**
 * Epochs of batch descent until a share of the first gap to the least loss is left; Infinity where that never comes. Along
 * an eigenvector the gap is (λ/2)e², and a step makes e (1 - ηλ) times what it was.
 */
export function epochsUntil(share: number, { eigenvalues, eigenvectors, smallest }: Curvature, errors: readonly number[], rate: number): number {
  const along = eigenvalues.map((value, index) => {
    const error = (eigenvectors[index] ?? []).reduce((sum, part, at) => sum + part * (errors[at] ?? 0), 0);
    return { gap: value >= smallest ? (value / 2) * error ** 2 : 0, shrinks: Math.abs(1 - rate * value) };
  });
  const first = along.reduce((sum, { gap }) => sum + gap, 0);
  if (!(first > 0) || share >= 1) return 0;
  const left = (epochs: number): number => along.reduce((sum, { gap, shrinks }) => sum + (gap > 0 ? gap * shrinks ** (2 * epochs) : 0), 0) / first;
  let high = 1;
  while (!(left(high) <= share)) {
    if (high >= LONGEST) return Infinity;
    high *= 2;
  }
  let low = Math.floor(high / 2);
  if (high === 1) return 1;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (left(middle) <= share) high = middle;
    else low = middle;
  }
  return high;
}
