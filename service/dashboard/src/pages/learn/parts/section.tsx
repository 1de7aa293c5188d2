import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

/** A part of the lesson: its heading, one sentence that says what to see, and the picture. */
export function Section({ title, see, children }: { title: string; see: ComponentChildren; children: ComponentChildren }) {
  const id = useId();
  return (
    <section class="card stack" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      <p class="see">{see}</p>
      {children}
    </section>
  );
}
