import { useState } from "preact/hooks";
import { api, bodyOf, type Schema, session, signIns } from "../../api/client";
import { useAction, useResource } from "../../api/use";
import { Ask, Card, Loaded, Notice, Waiting, Wrong } from "../../ui/parts";
import { Scroll } from "../../ui/scroll";
import { usePaged } from "../../ui/virtual/paged";
import { ago, bytes, count } from "../../words/format";
import { LIMITS, type LimitName } from "./choices";
import { EditLimits } from "./limits";

type Owner = Schema<"Owner">;

/** Whose things there are, and what each may have. */
export function Owners() {
  const owners = usePaged<Owner>((after) => bodyOf(api.GET("/v1/owners", { params: { query: { limit: 50, ...(after ? { after } : {}) } } })), ({ id }) => id, [signIns.value]);
  const [chosen, choose] = useState<string | null>(null);
  return (
    <>
      <Wrong problem={owners.problem} onRetry={owners.reload} />
      {owners.rows === undefined ? !owners.problem && <Waiting /> : (
        <Card title="Owners">
          <div class="stack">
            <p class="quiet small">A new owner comes with a first key. What belongs to one is out of the sight of others, but for models that are shared.</p>
            <Scroll label="Owners">
              <table>
                <thead><tr><th scope="col">Owner</th><th scope="col">Own limits</th><th scope="col">Since</th><th scope="col">What to do</th></tr></thead>
                <tbody>
                  {owners.rows.map((one) => (
                    <tr key={one.id}>
                      <th scope="row">{one.id}</th>
                      <td>{ownLimits(one.limits) || <span class="quiet">none: the server's hold</span>}</td>
                      <td class="nowrap">{ago(one.created_at)}</td>
                      <td><button type="button" class="button little" aria-label={`Show ${one.id}`} aria-pressed={chosen === one.id} onClick={() => choose(chosen === one.id ? null : one.id)}>Show</button></td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Scroll>
            {owners.hasMore && <div><button type="button" class="button" disabled={owners.isLoading} onClick={owners.more}>Show more</button></div>}
          </div>
        </Card>
      )}
      {chosen !== null && <OneOwner key={chosen} id={chosen} onChanged={owners.reload} onGone={() => { choose(null); owners.reload(); }} />}
    </>
  );
}

function ownLimits(limits: Owner["limits"]): string {
  return LIMITS.filter(([name]) => limits[name] !== undefined).map(([name, words]) => `${words}: ${amount(name, limits[name])}`).join("; ");
}

function amount(name: LimitName, value: number | undefined): string {
  if (value === undefined) return "";
  return value === 0 ? "no limit" : name === "stored_bytes" ? bytes(value) : count(value);
}

function OneOwner({ id, onChanged, onGone }: { id: string; onChanged: () => void; onGone: () => void }) {
  const owner = useResource(() => bodyOf(api.GET("/v1/owners/{id}", { params: { path: { id } } })), [id]);
  const [isLimiting, setLimiting] = useState(false);
  const [isAsked, setAsked] = useState(false);
  const [running, setRunning] = useState<string[]>([]);
  const remove = useAction(async () => {
    const { data } = await api.DELETE("/v1/owners/{id}", { params: { path: { id } } });
    if (data) setRunning(data.jobs);
    else onGone();
  });
  return (
    <Loaded of={owner}>
      {(found) => (
        <Card title={`Owner ${found.id}`}>
          <div class="stack">
            <Scroll label="What the owner has and may have">
              <table>
                <thead><tr><th scope="col">What</th><th scope="col" class="number">Has</th><th scope="col" class="number">May have</th></tr></thead>
                <tbody>
                  {LIMITS.map(([name, words]) => (
                    <tr key={name}>
                      <th scope="row">{words}</th>
                      <td class="number">{usedOf(found.used, name)}</td>
                      <td class="number">{amount(name, found.allowed[name])}{found.limits[name] !== undefined && <span class="quiet small"> (their own)</span>}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Scroll>
            {running.length > 0 && <Notice tone="warn"><p>{count(running.length)} jobs still run, and have been told to stop. Nothing is deleted yet: ask again in a moment.</p></Notice>}
            <Wrong problem={remove.problem} />
            <div class="row">
              <button type="button" class="button" onClick={() => setLimiting(true)}>Change the limits</button>
              <button type="button" class="button danger" disabled={remove.isRunning} onClick={() => setAsked(true)}>Delete everything of {found.id}</button>
            </div>
            {isLimiting && (
              <EditLimits
                title={`Limits of ${found.id}`}
                hint="Fields that are empty are as the server's settings say."
                limits={found.limits}
                allowed={found.allowed}
                onSave={async (limits) => {
                  await api.PUT("/v1/owners/{id}/limits", { params: { path: { id } }, body: limits });
                  owner.reload();
                  onChanged();
                }}
                onClose={() => setLimiting(false)}
              />
            )}
            <Ask open={isAsked} title={`Delete everything of ${found.id}?`} action="Delete everything" onAnswer={(yes) => { setAsked(false); if (yes) void remove.run(); }}>
              <p>All datasets, jobs, models, webhooks and shares of {found.id}{found.id === "default" ? "" : ", and all keys"} are deleted{found.id === session.value?.owner ? ", and these are yours" : ""}. Nothing brings them back.</p>
            </Ask>
          </div>
        </Card>
      )}
    </Loaded>
  );
}

function usedOf(used: Schema<"Used">, name: LimitName): string {
  switch (name) {
    case "stored_bytes":
      return bytes(used.stored_bytes);
    case "datasets":
    case "queued_jobs":
    case "running_jobs":
      return count(used[name]);
    default:
      return "";
  }
}
