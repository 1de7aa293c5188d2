import { useId, useState } from "preact/hooks";
import { may } from "../../api/client";
import { Ask, Field, Notice, Wrong } from "../../ui/parts";
import { moment } from "../../words/format";
import { type usePointing } from "./pointing";

export const CLOSED = "The key of this session may not train, and so not change models.";

type Pointing = ReturnType<typeof usePointing>;

/** A form for what is not given: which alias, which version. The question before the change is put by `Answering`. */
export function PointForm({ pointing, alias, version, known }: { pointing: Pointing; alias?: string; version?: number; known: string[] }) {
  const [word, setWord] = useState("default");
  const [number, setNumber] = useState("");
  const isOpen = may("train");
  const list = useId();
  const submit = (event: Event) => {
    event.preventDefault();
    const wanted = version ?? Number(number);
    if (Number.isInteger(wanted) && wanted > 0) void pointing.ask(alias ?? word.trim(), wanted);
  };
  return (
    <form class="row one-line" onSubmit={submit}>
      {alias === undefined && (
        <Field label="Alias" hint="a–z, 0–9, “.”, “_” and “-”, such as default, staging or best">
          {(ids) => <input {...ids} required list={list} pattern="[a-z0-9][a-z0-9._\-]{0,99}" maxLength={100} value={word} disabled={!isOpen} onInput={(event) => setWord(event.currentTarget.value)} />}
        </Field>
      )}
      {version === undefined && (
        <Field label="Version">
          {(ids) => <input {...ids} required type="number" min={1} max={2147483647} step={1} inputMode="numeric" value={number} disabled={!isOpen} onInput={(event) => setNumber(event.currentTarget.value)} />}
        </Field>
      )}
      <datalist id={list}>{[...new Set(["default", ...known])].map((one) => <option key={one} value={one} />)}</datalist>
      <button class="button" disabled={!isOpen || pointing.isRunning}>{version === undefined ? "Point the alias at it" : `Point the alias at version ${version}`}</button>
    </form>
  );
}

/** The question before an alias changes, what came of it, and what went wrong. */
export function Answering({ name, pointing }: { name: string; pointing: Pointing }) {
  const { question, problem, done } = pointing;
  return (
    <>
      <Wrong problem={problem} />
      <div role="status">{done && <Notice tone="good">{done}</Notice>}</div>
      <Ask open={question !== null} title={question ? titleOf(question) : ""} action={question ? actionOf(question) : ""} otherwise={question?.version === null ? "Keep" : "Cancel"} onAnswer={(yes) => void pointing.decide(yes)}>
        {question && (
          <div class="stack tight">
            {question.hasChanged && <Notice tone="warn">Somebody else has changed this alias since you looked at it. This is what it says now:</Notice>}
            <p>{question.seen ? <><code>{question.alias}</code> points at version {question.seen.version}, since {moment(question.seen.updated_at)}.</> : <>There is no alias <code>{question.alias}</code> yet.</>}</p>
            <p>{meaningOf(name, question)}</p>
          </div>
        )}
      </Ask>
    </>
  );
}

type Question = NonNullable<Pointing["question"]>;

function titleOf({ alias, version, seen }: Question): string {
  if (version === null) return `Delete the alias ${alias}?`;
  return seen ? `Move ${alias} to version ${version}?` : `Make the alias ${alias}?`;
}

function actionOf({ version, seen }: Question): string {
  if (version === null) return "Delete the alias";
  return seen ? `Move it to version ${version}` : `Point it at version ${version}`;
}

function meaningOf(name: string, { alias, version }: Question) {
  if (alias === "default") {
    return version === null
      ? <>Without it, <code>{name}</code> alone means the newest version.</>
      : <>Whoever asks for <code>{name}</code> without a version is answered by version {version} from then on.</>;
  }
  return version === null ? <>Whoever asks for <code>{name}@{alias}</code> is told that there is no such alias.</> : <>Whoever asks for <code>{name}@{alias}</code> is answered by version {version} from then on.</>;
}
