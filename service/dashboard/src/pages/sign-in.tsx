import { useState } from "preact/hooks";
import { signIn } from "../api/client";
import { useAction } from "../api/use";
import { Card, Field, Heading, Wrong } from "../ui/parts";

/** Asks for a key; it is sent once, and the browser keeps a cookie that no script can read. */
export function SignIn() {
  const [key, setKey] = useState("");
  const { run, isRunning, problem } = useAction(() => signIn(key.trim()));
  return (
    <>
      <Heading title="Sign in" />
      <Card>
        <form class="stack" onSubmit={(event) => { event.preventDefault(); void run(); }}>
          <Field label="Key" hint="adl_… as `adaline keys create` has shown it once; the first one was printed when the server first started">
            {(ids) => <input {...ids} type="password" autocomplete="current-password" required value={key} onInput={(event) => setKey(event.currentTarget.value)} />}
          </Field>
          <Wrong problem={problem} />
          <div><button class="button main" disabled={isRunning}>Sign in</button></div>
        </form>
      </Card>
    </>
  );
}
