import { computed, signal } from "@preact/signals";

const KEY = "adaline-theme";
const ORDER = ["system", "light", "dark"] as const;
type Theme = (typeof ORDER)[number];

function kept(): Theme {
  try {
    const word = localStorage.getItem(KEY);
    return ORDER.find((one) => one === word) ?? "system";
  } catch {
    return "system";  // a browser that keeps nothing
  }
}

const chosen = signal<Theme>(kept());

function apply(): void {
  if (chosen.value === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen.value;
}
apply();

/** Light, dark, or as the system has it; kept in the browser. `drawn` changes when pictures need other colours. */
export const theme = {
  name: computed(() => ({ system: "Colours: system", light: "Colours: light", dark: "Colours: dark" })[chosen.value]),
  chosen,
  next: () => {
    chosen.value = ORDER[(ORDER.indexOf(chosen.value) + 1) % ORDER.length] ?? "system";
    try {
      localStorage.setItem(KEY, chosen.value);
    } catch {
      // a browser that keeps nothing: the choice holds for this page
    }
    apply();
  },
};

/** A colour of the tokens, as a canvas needs it. */
export function colour(name: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}
