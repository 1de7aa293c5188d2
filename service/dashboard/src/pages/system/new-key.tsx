import { useState } from "preact/hooks";
import { api, bodyOf, type Schema, session, signIn } from "../../api/client";
import { useAction } from "../../api/use";
import { Card, Field, Wrong } from "../../ui/parts";
import { EXPIRIES, SCOPES, type Scope, expiry, isOwner } from "./choices";
import { Secret } from "./secret";

/** Makes a key, and shows it once. The first key of a server is its maker's own: without it nobody could make another. */
export function NewKey({ onMade }: { onMade: () => void }) {
  const isFirst = session.value?.key === null;
  const [owner, setOwner] = useState("");
  const [name, setName] = useState("");
  const [chosen, choose] = useState<Scope[]>(["read", "predict"]);
  const [days, setDays] = useState<number | null>(null);
  const [made, setMade] = useState<Schema<"MadeKey"> | null>(null);
  const scopes: Scope[] = isFirst ? ["admin"] : chosen;
  const { run, isRunning, problem } = useAction(async () => {
    const body = { name: name.trim(), scopes, expires_at: isFirst ? null : expiry(days, Date.now()), ...(!isFirst && owner ? { owner } : {}) };
    const key = await bodyOf(api.POST("/v1/keys", { body }));
    setMade(key);
    setName("");
    if (isFirst) await signIn(key.key);
    onMade();
  });
  const isOwnerWrong = owner !== "" && !isOwner(owner);
  return (
    <Card title="Make a key">
      <form class="stack" onSubmit={(event) => { event.preventDefault(); void run(); }}>
        {made && <Secret text={made.key} label={`The key “${made.name}” of ${made.owner}`} onDone={() => setMade(null)}>It is shown now and never again: copy it to where it is kept safe.</Secret>}
        <div class="columns narrow">
          <Field label="What it is for">{(ids) => <input {...ids} required maxLength={100} autocomplete="off" placeholder="notebook" value={name} onInput={(event) => setName(event.currentTarget.value)} />}</Field>
          {!isFirst && (
            <>
              <Field label="Owner" hint={`whose things it opens; a new name is a new owner; empty: ${session.value?.owner ?? "you"}`} {...(isOwnerWrong ? { wrong: "up to 64 small letters, digits, '.', '_' and '-', the first no mark" } : {})}>
                {(ids) => <input {...ids} autocomplete="off" value={owner} onInput={(event) => setOwner(event.currentTarget.value.trim())} />}
              </Field>
              <Field label="Ends">
                {(ids) => <select {...ids} value={String(days ?? "")} onChange={(event) => setDays(Number(event.currentTarget.value) || null)}>{EXPIRIES.map(([word, number]) => <option key={word} value={String(number ?? "")}>{word}</option>)}</select>}
              </Field>
            </>
          )}
        </div>
        <fieldset class="stack tight">
          <legend>What it opens</legend>
          {SCOPES.map(([scope, words]) => (
            <label key={scope} class="check">
              <input type="checkbox" checked={scopes.includes(scope)} disabled={isFirst} onChange={(event) => choose(event.currentTarget.checked ? [...chosen, scope] : chosen.filter((one) => one !== scope))} />
              <span><strong>{scope}</strong> <span class="quiet">{words}</span></span>
            </label>
          ))}
        </fieldset>
        <Wrong problem={problem} />
        <div><button class="button main" disabled={isRunning || name.trim() === "" || scopes.length === 0 || isOwnerWrong}>{isFirst ? "Make the first key and sign in with it" : "Make the key"}</button></div>
      </form>
    </Card>
  );
}
