import type { ComponentChildren } from "preact";

/** What may be wider than the page and then scrolls by itself, also by keyboard: a table, with the name of what it shows. */
export function Scroll({ label, children }: { label: string; children: ComponentChildren }) {
  return <div class="scroll" role="region" aria-label={label} tabIndex={0}>{children}</div>;
}
