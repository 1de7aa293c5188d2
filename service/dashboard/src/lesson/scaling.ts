/** Rows of numbers brought to a mean of 0 and a standard deviation of 1, as scikit-learn's StandardScaler does. */

export type Rows = readonly (readonly number[])[];

export interface Scaler {
  means: number[];
  /** Standard deviations over n; 1 where a column does not vary. */
  scales: number[];
}

/** What a scaler learns from the rows that it is shown. */
export function fitScaler(rows: Rows): Scaler {
  const width = rows[0]?.length ?? 0;
  const means: number[] = [];
  const scales: number[] = [];
  for (let column = 0; column < width; column += 1) {
    const values = rows.map((row) => row[column] ?? 0);
    const mean = meanOf(values);
    const spread = Math.sqrt(meanOf(values.map((value) => (value - mean) ** 2)));
    means.push(mean);
    // a column of equal numbers has a spread of rounding errors at most
    scales.push(spread > 1e-12 * Math.abs(mean) ? spread : 1);
  }
  return { means, scales };
}

/** The scaler that leaves rows as they are. */
export function noScaler(width: number): Scaler {
  return { means: Array<number>(width).fill(0), scales: Array<number>(width).fill(1) };
}

export function scaled(rows: Rows, { means, scales }: Scaler): number[][] {
  return rows.map((row) => row.map((value, column) => (value - (means[column] ?? 0)) / (scales[column] ?? 1)));
}

export function meanOf(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return values.length ? sum / values.length : NaN;
}
