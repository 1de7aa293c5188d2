import { useRef, useState } from "preact/hooks";
import { listed } from "../../../words/format";
import { type Draft, change } from "./draft";
import type { Preview } from "./looked";
import { type Answer, type Question, answered, closedBy, kept, questionsOf } from "./questions";

const AT_ONCE = 8;
const NAMED = 4;

interface Given {
  of: Draft;
  preview: Preview;
}

/** What only the person who has the file can know, asked before it is read; an answer changes how it is read. */
export function Questions({ of, preview: { columns, dialect } }: Given) {
  const missing = dialect?.text_style?.missing ?? [];
  const [most, setMost] = useState(AT_ONCE);
  const box = useRef<HTMLElement>(null);
  const before = useRef<Question[]>([]);
  const wasAsked = useRef(false);
  const questions = kept(before.current, questionsOf(columns, missing), columns.map(({ name }) => name), missing);
  before.current = questions;
  wasAsked.current ||= questions.length > 0;
  const open = questions.filter(({ id }) => !of.settled.has(id));
  const answer = (question: Question, { change: given }: Answer) => {
    change(given ? { reading: answered(of.reading, question, given, missing) } : { settled: new Set([...of.settled, question.id]) });
    box.current?.focus();
  };
  if (!wasAsked.current) return null;
  return (
    <section class="card stack" ref={box} tabIndex={-1} aria-label="Questions about the file">
      <h2>{open.length ? "What only you can know" : "No question is left"}</h2>
      {open.slice(0, most).map((question) => (
        <div class="question" key={question.id}>
          <p>
            <strong>{listed(question.columns, NAMED)}</strong>: {question.told}. {question.ask}
          </p>
          <div class="row">
            {question.answers.map((one) => {
              const closed = closedBy(one.change, dialect?.delimiter ?? "");
              return (
                <button key={one.label} type="button" class="button little" disabled={closed !== ""} onClick={() => answer(question, one)}>
                  {one.label}{closed && ` (${closed})`}
                </button>
              );
            })}
          </div>
        </div>
      ))}
      {open.length > most && (
        <div><button type="button" class="button" onClick={() => setMost(most + 50)}>Show {Math.min(50, open.length - most)} of {open.length - most} more questions</button></div>
      )}
      {of.settled.size > 0 && (
        <div><button type="button" class="button plain" onClick={() => change({ settled: new Set() })}>Ask again what stays as it was read</button></div>
      )}
    </section>
  );
}
