/** Activations and their slopes. */

export interface Activation {
  name: "Sigmoid" | "Tanh" | "ReLU";
  formula: string;
  slopeFormula: string;
  value: (z: number) => number;
  slope: (z: number) => number;
}

const sigmoid = (z: number): number => (z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z)));

export const ACTIVATIONS: readonly Activation[] = [
  {
    name: "Sigmoid", formula: "σ(z) = 1 / (1 + e⁻ᶻ)", slopeFormula: "σ′(z) = σ(z)(1 − σ(z))", value: sigmoid,
    slope: (z) => sigmoid(z) * sigmoid(-z),  // 1 - σ(z) is σ(-z), which keeps its digits for large z
  },
  {
    name: "Tanh", formula: "tanh(z)", slopeFormula: "tanh′(z) = 1 − tanh²(z)", value: Math.tanh,
    slope: (z) => 1 - Math.tanh(z) ** 2,
  },
  {
    name: "ReLU", formula: "ReLU(z) = max(0, z)", slopeFormula: "ReLU′(z) = 1 for z > 0, else 0", value: (z) => Math.max(0, z),
    slope: (z) => (z > 0 ? 1 : 0),
  },
];

export function slopeThrough(layers: number, slope: number): number {
  return slope ** layers;
}
