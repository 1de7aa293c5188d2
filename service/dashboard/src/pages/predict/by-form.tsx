import { useEffect, useRef, useState } from "preact/hooks";
import { Latest } from "../../api/latest";
import { type ApiProblem, asProblem } from "../../api/problem";
import { needsKey } from "../../api/client";
import { FeatureForm } from "../../ui/features/feature-form";
import { type Cell, type TypedRow, blankRow, isBeyond, readRow, usualRow, withTyped } from "../../ui/features/row";
import { Card, Code, Field, Wrong } from "../../ui/parts";
import { counted, marks, percent } from "../../words/format";
import { AnswerDetails, AnswerHead } from "./answer-view";
import { type Told, type Wanted, askRow, wrongFields } from "./ask";
import { curlOf, pythonOf } from "./lines";
import type { Signature } from "./signature";

const LEVELS = [0.8, 0.9, 0.95, 0.99];
const WAIT_MILLISECONDS = 150;

interface Asked {
  told?: Told;
  problem?: ApiProblem | undefined;
  isAsking: boolean;
}

/** A row typed into a form, and what the model says of it, which follows as one types. */
export function ByForm({ signature, onOutdated }: { signature: Signature; onOutdated: (version: number) => void }) {
  const { fields } = signature;
  const [row, setRow] = useState<TypedRow>(() => usualRow(fields, marks));
  const [wanted, setWanted] = useState<Wanted>({ intervals: signature.calibrationRows === 0 || (signature.task ?? "regression") !== "regression" ? null : 0.9, contributions: signature.isLinear !== false });
  const [asked, setAsked] = useState<Asked>({ isAsking: false });
  const read = readRow(fields, row, marks);
  const latest = useRef<Latest<[Signature, Record<string, Cell>, Wanted], Told>>(undefined);
  latest.current ??= new Latest({
    ask: ([of, record, beside], signal) => askRow(of, record, beside, signal),
    tell: (told) => setAsked({ told, isAsking: false }),
    fail: (error) => setAsked((before) => ({ ...before, problem: asProblem(error), isAsking: false })),
    waitMilliseconds: WAIT_MILLISECONDS,
  });
  useEffect(() => () => latest.current?.stop(), []);
  const question = read.record === null ? null : JSON.stringify([read.record, wanted]);
  useEffect(() => {
    if (needsKey.value) return;  // asked once one has signed in again
    if (read.record === null) {
      latest.current?.stop();
      setAsked((before) => ({ ...before, problem: undefined, isAsking: false }));
    } else {
      setAsked((before) => ({ ...before, isAsking: true }));
      latest.current?.ask([signature, read.record, wanted]);
    }
  }, [question, signature, needsKey.value]);
  const { told, problem, isAsking } = asked;
  const isClasses = signature.task === null ? told !== undefined && told.answer.label !== null : signature.task !== "regression";
  useEffect(() => {
    if (told && told.answer.version !== signature.version) onOutdated(told.answer.version);
  }, [told?.answer.version]);

  const refused = problem && wrongFields(problem);
  const isShown = read.record !== null && !problem;
  const flags = isShown ? (told?.answer.flags ?? []) : [];
  const notes = new Map([
    ...fields.filter((field) => isBeyond(field, read.record?.[field.name])).map((field) => [field.name, NOTE] as const),
    ...flags.map((name) => [name, NOTE] as const),
  ]);
  return (
    <div class="predict-form">
      <Card class="stack predict-row">
        <div class="row apart">
          <h2>One row</h2>
          <div class="row">
            {fields.some(({ usual }) => usual !== "") && <button type="button" class="button little" onClick={() => setRow(usualRow(fields, marks))}>Fill in a usual row</button>}
            <button type="button" class="button little" onClick={() => setRow(blankRow(fields))}>Empty all fields</button>
          </div>
        </div>
        <FeatureForm fields={fields} row={row} wrong={refused ? { ...read.wrong, ...refused } : read.wrong} notes={notes} onType={(name, typed) => setRow((before) => withTyped(before, name, typed))} />
      </Card>
      <div class="predict-head" aria-live="polite" aria-atomic="true">
        <AnswerHead told={read.record === null ? undefined : told} isOld={isAsking || !isShown} waitsFor={waitsFor(read.blank.length, Object.keys(read.wrong).length)} level={wanted.intervals} />
      </div>
      <div class="stack predict-details">
        <Wrong problem={refused ? undefined : problem} onRetry={() => read.record && latest.current?.ask([signature, read.record, wanted])} />
        {told && isShown && <AnswerDetails told={told} fields={fields} level={wanted.intervals} />}
        <Card title="What to show">
          <div class="row">
            {!isClasses && (
              <Field label="Interval" hint={told?.left.intervals ?? (signature.calibrationRows === 0 ? "this model is not calibrated for intervals" : "that contains a new row's true value with this probability")}>
                {(ids) => (
                  <select {...ids} value={String(wanted.intervals ?? "")} disabled={signature.calibrationRows === 0} onChange={(event) => setWanted({ ...wanted, intervals: Number(event.currentTarget.value) || null })}>
                    <option value="">none</option>
                    {LEVELS.map((level) => <option key={level} value={String(level)}>{percent(level)}</option>)}
                  </select>
                )}
              </Field>
            )}
            <label class="check">
              <input type="checkbox" checked={wanted.contributions} disabled={signature.isLinear === false} onChange={(event) => setWanted({ ...wanted, contributions: event.currentTarget.checked })} />
              <span>What each feature adds{signature.isLinear === false && <span class="quiet small"> (for linear neurons; this model is a network)</span>}</span>
            </label>
          </div>
        </Card>
        {read.record && (
          <Card>
            <details>
              <summary>The same from a program</summary>
              <div class="stack">
                <Code text={curlOf(signature.reference, read.record, window.location.origin)} label="Copy curl" />
                <Code text={pythonOf(signature.reference, read.record, window.location.origin)} label="Copy Python" />
              </div>
            </details>
          </Card>
        )}
      </div>
    </div>
  );
}

const NOTE = "Unlike anything in training";

function waitsFor(blank: number, wrong: number): string {
  const parts = [
    wrong > 0 ? `correct ${counted(wrong, "field")}` : "",
    blank > 0 ? `fill in ${counted(blank, "field")}, or say that ${blank === 1 ? "it is" : "they are"} missing` : "",
  ].filter(Boolean);
  return parts.join("; ");
}
