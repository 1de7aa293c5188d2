/** Two layers upon each other, and the single layer that they are where nothing bends between them. */

export interface Layer {
  /** A row for each output. */
  weights: number[][];
  biases: number[];
}

export function apply({ weights, biases }: Layer, input: readonly number[]): number[] {
  return weights.map((row, index) => row.reduce((sum, weight, at) => sum + weight * (input[at] ?? 0), 0) + (biases[index] ?? 0));
}

/** What both layers give, with a function between them. */
export function through(first: Layer, second: Layer, input: readonly number[], between: (z: number) => number = (z) => z): number[] {
  return apply(second, apply(first, input).map(between));
}

/** W₂(W₁x + b₁) + b₂ = (W₂W₁)x + (W₂b₁ + b₂). */
export function product(first: Layer, second: Layer): Layer {
  const columns = first.weights[0]?.length ?? 0;
  return {
    weights: second.weights.map((row) =>
      Array.from({ length: columns }, (_, column) => row.reduce((sum, weight, at) => sum + weight * (first.weights[at]?.[column] ?? 0), 0)),
    ),
    biases: apply(second, first.biases),
  };
}
