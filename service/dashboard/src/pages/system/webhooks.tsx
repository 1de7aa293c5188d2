import { useState } from "preact/hooks";
import { api, bodyOf, may, type Schema, signIns } from "../../api/client";
import { useAction } from "../../api/use";
import { Ask, Card, Field, Notice, Waiting, Wrong } from "../../ui/parts";
import { Scroll } from "../../ui/scroll";
import { usePaged } from "../../ui/virtual/paged";
import { ago } from "../../words/format";
import { EVENTS, type EventName } from "./choices";
import { Deliveries } from "./deliveries";
import { Secret } from "./secret";

type Webhook = Schema<"Webhook">;

/** Addresses that are told of ended jobs and new versions. */
export function Webhooks() {
  const hooks = usePaged<Webhook>((after) => bodyOf(api.GET("/v1/webhooks", { params: { query: { limit: 50, ...(after ? { after } : {}) } } })), ({ id }) => id, [signIns.value]);
  const [shown, show] = useState<Webhook | null>(null);
  const [doomed, doom] = useState<Webhook | null>(null);
  const remove = useAction(async (hook: Webhook) => {
    await api.DELETE("/v1/webhooks/{id}", { params: { path: { id: hook.id } } });
    if (shown?.id === hook.id) show(null);
    hooks.reload();
  });
  return (
    <>
      {may("train") ? <NewWebhook onMade={hooks.reload} /> : <Notice><p>Your key may look at webhooks; to make or delete them it lacks the scope <code>train</code>.</p></Notice>}
      <Wrong problem={hooks.problem} onRetry={hooks.reload} />
      {hooks.rows === undefined ? !hooks.problem && <Waiting /> : (
        <Card title="Your webhooks">
          <Wrong problem={remove.problem} />
          {hooks.rows.length === 0 ? <p class="quiet">There is none. One that you register is told, signed, whenever a job of yours ends or a version is published.</p> : (
            <Scroll label="Your webhooks">
              <table>
                <thead><tr><th scope="col">Address</th><th scope="col">Is told of</th><th scope="col">Since</th><th scope="col">What to do</th></tr></thead>
                <tbody>
                  {hooks.rows.map((hook) => (
                    <tr key={hook.id}>
                      <th scope="row" class="words">{hook.url}</th>
                      <td>{hook.events.join(", ")}</td>
                      <td class="nowrap">{ago(hook.created_at)}</td>
                      <td>
                        <div class="row">
                          <button type="button" class="button little" aria-pressed={shown?.id === hook.id} aria-label={`Deliveries to ${hook.url}`} onClick={() => show(shown?.id === hook.id ? null : hook)}>Deliveries</button>
                          {may("train") && <button type="button" class="button little danger" aria-label={`Delete ${hook.url}`} onClick={() => doom(hook)}>Delete</button>}
                        </div>
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Scroll>
          )}
          {hooks.hasMore && <button type="button" class="button" disabled={hooks.isLoading} onClick={hooks.more}>Show more</button>}
        </Card>
      )}
      {shown && <Deliveries key={shown.id} webhook={shown} />}
      <Ask open={doomed !== null} title="Delete the webhook?" action="Delete the webhook" onAnswer={(yes) => { if (yes && doomed) void remove.run(doomed); doom(null); }}>
        <p>{doomed?.url} is told nothing any more, and the log of what it was told is deleted.</p>
      </Ask>
    </>
  );
}

function NewWebhook({ onMade }: { onMade: () => void }) {
  const [url, setUrl] = useState("");
  const [chosen, choose] = useState<EventName[]>([]);
  const [made, setMade] = useState<Schema<"MadeWebhook"> | null>(null);
  const { run, isRunning, problem } = useAction(async () => {
    setMade(await bodyOf(api.POST("/v1/webhooks", { body: { url: url.trim(), events: chosen } })));
    setUrl("");
    choose([]);
    onMade();
  });
  return (
    <Card title="Register a webhook">
      <form class="stack" onSubmit={(event) => { event.preventDefault(); void run(); }}>
        {made && <Secret text={made.secret} label={`The secret of ${made.url}`} onDone={() => setMade(null)}>It signs what is sent (Standard Webhooks), and is shown now and never again.</Secret>}
        <Field label="Address" hint="an https address of the public Internet, which is posted to">
          {(ids) => <input {...ids} type="url" required placeholder="https://example.com/adaline" value={url} onInput={(event) => setUrl(event.currentTarget.value)} />}
        </Field>
        <fieldset class="row">
          <legend>What it is told of; nothing chosen: everything</legend>
          {EVENTS.map((name) => (
            <label key={name} class="check">
              <input type="checkbox" checked={chosen.includes(name)} onChange={(event) => choose(event.currentTarget.checked ? [...chosen, name] : chosen.filter((one) => one !== name))} />
              {name}
            </label>
          ))}
        </fieldset>
        <Wrong problem={problem} />
        <div><button class="button main" disabled={isRunning || url.trim() === ""}>Register the webhook</button></div>
      </form>
    </Card>
  );
}
