import type { ComponentChildren, JSX } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { ApiProblem } from "../api/problem";
import type { Resource } from "../api/use";

/** The heading of a page, which is the window's title too, with what can be done beside it. */
export function Heading({ title, children, above }: { title: string; children?: ComponentChildren; above?: ComponentChildren }) {
  useEffect(() => {
    document.title = `${title} · Adaline`;
  }, [title]);
  return (
    <header class="row apart">
      <div>
        {above}
        <h1>{title}</h1>
      </div>
      <div class="row">{children}</div>
    </header>
  );
}

type Tone = "good" | "warn" | "bad" | "accent" | "";

export function Badge({ tone = "", children }: { tone?: Tone; children: ComponentChildren }) {
  return <span class={`badge ${tone}`}>{children}</span>;
}

const TONES: Record<string, Tone> = {
  ready: "good", succeeded: "good", ok: "good", running: "accent", ingesting: "accent", cancelling: "warn", paused: "warn",
  degraded: "warn", failed: "bad", unavailable: "bad", full: "bad",
};

/** The state of a dataset, a job or a part of the server, in its own word. */
export function State({ state }: { state: string }) {
  return <Badge tone={TONES[state] ?? ""}>{state}</Badge>;
}

export function Notice({ tone = "", children }: { tone?: Tone; children: ComponentChildren }) {
  return <div class={`notice ${tone}`}>{children}</div>;
}

/** What went wrong, in the API's words, with the places that it names. Told to readers of screens at once. */
export function Wrong({ problem, onRetry }: { problem: ApiProblem | undefined; onRetry?: () => void }) {
  if (!problem) return null;
  const { title, detail, errors } = problem.problem;
  return (
    <div class="notice bad stack tight" role="alert">
      <strong>{title || detail}</strong>
      {title && detail && <p>{detail}</p>}
      {errors.length > 0 && (
        <ul>
          {errors.slice(0, 20).map((error) => (
            <li key={error.pointer + error.detail}>
              {error.pointer && <><code>{error.pointer}</code>: </>}{error.detail}
            </li>
          ))}
        </ul>
      )}
      {onRetry && (
        <div>
          <button type="button" class="button little" onClick={onRetry}>Try again</button>
        </div>
      )}
    </div>
  );
}

export function Waiting({ children = "Loading …" }: { children?: ComponentChildren }) {
  return (
    <p class="quiet" role="status">
      <span class="spinner" aria-hidden="true" /> {children}
    </p>
  );
}

/** A resource as it comes: waited for, wrong, or shown. What was shown stays while it is asked for again. */
export function Loaded<T>({ of, children }: { of: Resource<T>; children: (data: T) => ComponentChildren }) {
  if (of.data !== undefined) {
    return (
      <>
        <Wrong problem={of.problem} onRetry={of.reload} />
        {children(of.data)}
      </>
    );
  }
  return of.problem ? <Wrong problem={of.problem} onRetry={of.reload} /> : <Waiting />;
}

/** Where nothing is yet: what this is, and what to do. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

export function Card({ title, children, class: name = "" }: { title?: ComponentChildren; children: ComponentChildren; class?: string }) {
  return (
    <section class={`card ${name}`}>
      {title && <h2>{title}</h2>}
      {children}
    </section>
  );
}

export function Stats({ children }: { children: ComponentChildren }) {
  return <dl class="stats">{children}</dl>;
}

export function Stat({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div class="stat">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** A label, what it labels, a hint below and what is wrong with it; `children` is given the ids to carry. */
export function Field({ label, hint, wrong, children }: {
  label: ComponentChildren;
  hint?: ComponentChildren;
  wrong?: string;
  children: (ids: { id: string; "aria-describedby"?: string; "aria-invalid"?: "true" }) => JSX.Element;
}) {
  const id = useId();
  const described = [hint ? `${id}-hint` : "", wrong ? `${id}-wrong` : ""].filter(Boolean).join(" ");
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({ id, ...(described ? { "aria-describedby": described } : {}), ...(wrong ? { "aria-invalid": "true" as const } : {}) })}
      {hint && <span class="hint" id={`${id}-hint`}>{hint}</span>}
      {wrong && <span class="wrong" id={`${id}-wrong`}>{wrong}</span>}
    </div>
  );
}

/** How far something is, from 0 to 1; null while nobody knows. */
export function Progress({ fraction, label }: { fraction: number | null; label: string }) {
  const shown = fraction === null ? 0 : Math.max(0, Math.min(1, fraction));
  const told = fraction === null ? {} : { "aria-valuenow": Math.round(shown * 100) };
  return (
    <div class="progress" role="progressbar" aria-label={label} aria-valuemin={0} aria-valuemax={100} {...told}>
      <div style={{ width: `${shown * 100}%` }} />
    </div>
  );
}

/** Lines to copy, such as a command. */
export function Code({ text, label = "Copy" }: { text: string; label?: string }) {
  const [copied, set] = useState(false);
  return (
    <div class="code">
      <pre tabIndex={0}>{text}</pre>
      <button
        type="button"
        class="button little"
        onClick={() => {
          void navigator.clipboard?.writeText(text).then(() => {
            set(true);
            window.setTimeout(() => set(false), 2000);
          });
        }}
      >
        <span aria-live="polite">{copied ? "Copied" : label}</span>
      </button>
    </div>
  );
}

/** Views of one thing, one shown at a time. */
export function Tabs<Name extends string>({ names, chosen, onChoose, label }: { names: readonly Name[]; chosen: Name; onChoose: (name: Name) => void; label: string }) {
  const list = useRef<HTMLDivElement>(null);
  const onKey = (event: KeyboardEvent) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!step) return;
    event.preventDefault();
    const next = (names.indexOf(chosen) + step + names.length) % names.length;
    const name = names[next];
    if (name !== undefined) onChoose(name);
    list.current?.querySelectorAll("button")[next]?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label={label} ref={list} onKeyDown={onKey}>
      {names.map((name) => (
        <button key={name} type="button" role="tab" aria-selected={name === chosen} tabIndex={name === chosen ? 0 : -1} onClick={() => onChoose(name)}>
          {name}
        </button>
      ))}
    </div>
  );
}

/** A question before something that cannot be undone. */
export function Ask({ open, title, children, action, otherwise = "Keep", onAnswer }: { open: boolean; title: string; children: ComponentChildren; action: string; otherwise?: string; onAnswer: (yes: boolean) => void }) {
  const box = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    if (open && !box.current?.open) box.current?.showModal();
    if (!open && box.current?.open) box.current.close();
  }, [open]);
  return (
    <dialog ref={box} aria-labelledby={id} onCancel={(event) => { event.preventDefault(); onAnswer(false); }}>
      <div class="stack">
        <h2 id={id}>{title}</h2>
        {children}
        <div class="row end">
          <button type="button" class="button" onClick={() => onAnswer(false)}>{otherwise}</button>
          <button type="button" class="button danger" onClick={() => onAnswer(true)}>{action}</button>
        </div>
      </div>
    </dialog>
  );
}
