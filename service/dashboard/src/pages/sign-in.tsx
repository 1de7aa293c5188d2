import { useEffect, useRef, useState } from "preact/hooks";
import { session, signIn } from "../api/client";
import { useAction } from "../api/use";
import { Card, Field, Heading, Notice, Wrong } from "../ui/parts";

/** Asks for a key; it is sent once, and the browser keeps a cookie that no script can read. */
export function SignIn() {
  const [key, setKey] = useState("");
  const { run, isRunning, problem } = useAction(() => signIn(key.trim()));
  const field = useRef<HTMLInputElement>(null);
  const title = useRef(document.title);
  useEffect(() => {
    // a question that is open above the page would keep everything else shut
    for (const dialog of document.querySelectorAll("dialog[open]")) dialog.dispatchEvent(new Event("cancel", { cancelable: true }));
    field.current?.focus();
    return () => {
      document.title = title.current;
    };
  }, []);
  const ended = session.value;
  return (
    <>
      <Heading title={ended ? "Sign in again" : "Sign in"} />
      {ended && <Notice tone="warn"><p role="alert">{ended.key === null ? "This server asks for a key now." : "Your session has ended."} Sign in as <strong>{ended.owner}</strong> to go on where you were: what you typed is still there.</p></Notice>}
      <Card>
        <form class="stack" onSubmit={(event) => { event.preventDefault(); void run(); }}>
          <Field label="Key" hint={<>It begins with <code>adl_</code>. It was shown once, when <code>adaline keys create</code> or the page System made it; the very first is told by the server at its first start.</>}>
            {(ids) => <input {...ids} ref={field} type="password" autocomplete="current-password" required value={key} onInput={(event) => setKey(event.currentTarget.value)} />}
          </Field>
          <Wrong problem={problem} />
          <div><button class="button main" disabled={isRunning || key.trim() === ""}>{isRunning ? "Signing in …" : "Sign in"}</button></div>
          <p class="quiet small">The browser keeps a session of 12 hours, not the key.</p>
        </form>
      </Card>
    </>
  );
}
