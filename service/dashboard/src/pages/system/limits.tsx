import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { Schema } from "../../api/client";
import { useAction } from "../../api/use";
import { Field, Wrong } from "../../ui/parts";
import { asTyped, count, parseNumber } from "../../words/format";
import { LIMITS, type LimitName, limitsOf } from "./choices";

type Limits = Schema<"Limits">;

/** Limits in a window of their own; those left empty are the server's. */
export function EditLimits({ title, hint, limits, allowed, onSave, onClose }: {
  title: string;
  hint: string;
  limits: Limits;
  /** What holds where a field is empty. */
  allowed?: Limits;
  onSave: (limits: Limits) => Promise<void>;
  onClose: () => void;
}) {
  const box = useRef<HTMLDialogElement>(null);
  const id = useId();
  const [typed, type] = useState<Record<string, string>>(() => Object.fromEntries(LIMITS.map(([name]) => [name, limits[name] === undefined ? "" : asTyped(limits[name])])));
  const read = limitsOf(typed, parseNumber);
  const { run, isRunning, problem } = useAction(async () => {
    await onSave(read.limits);
    onClose();
  });
  useEffect(() => {
    if (!box.current?.open) box.current?.showModal();
  }, []);
  const usual = (name: LimitName) => (allowed?.[name] === undefined || limits[name] !== undefined ? undefined : allowed[name] === 0 ? "no limit" : count(allowed[name]));
  return (
    <dialog ref={box} class="wide" aria-labelledby={id} onCancel={(event) => { event.preventDefault(); onClose(); }}>
      <form class="stack" onSubmit={(event) => { event.preventDefault(); void run(); }}>
        <h2 id={id}>{title}</h2>
        <p class="quiet small">{hint} 0 is no limit, or as many as the server can take.</p>
        <div class="columns narrow">
          {LIMITS.map(([name, words]) => (
            <Field key={name} label={words} {...(read.wrong[name] ? { wrong: read.wrong[name] } : {})}>
              {(ids) => <input {...ids} inputMode="numeric" autocomplete="off" placeholder={usual(name)} value={typed[name] ?? ""} onInput={(event) => { const text = event.currentTarget.value; type((before) => ({ ...before, [name]: text })); }} />}
            </Field>
          ))}
        </div>
        <Wrong problem={problem} />
        <div class="row end">
          <button type="button" class="button" onClick={onClose}>Leave as they are</button>
          <button class="button main" disabled={isRunning || Object.keys(read.wrong).length > 0}>Set the limits</button>
        </div>
      </form>
    </dialog>
  );
}
