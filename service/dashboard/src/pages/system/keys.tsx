import { useState } from "preact/hooks";
import { api, bodyOf, type Schema, session, signIns } from "../../api/client";
import { useAction } from "../../api/use";
import { Ask, Badge, Card, Field, Notice, Waiting, Wrong } from "../../ui/parts";
import { Scroll } from "../../ui/scroll";
import { usePaged } from "../../ui/virtual/paged";
import { ago, moment } from "../../words/format";
import { EditLimits } from "./limits";
import { NewKey } from "./new-key";
import { isOwner } from "./choices";

type Key = Schema<"Key">;

/** Who may use this server: keys of all owners, made and revoked. */
export function Keys() {
  const [owner, setOwner] = useState("");
  const asked = isOwner(owner) ? owner : "";
  const keys = usePaged<Key>(
    (after) => bodyOf(api.GET("/v1/keys", { params: { query: { limit: 50, ...(after ? { after } : {}), ...(asked ? { owner: asked } : {}) } } })),
    ({ id }) => id,
    [asked, signIns.value],
  );
  const [revoked, setRevoked] = useState<Key | null>(null);
  const [limited, setLimited] = useState<Key | null>(null);
  const revoke = useAction(async (key: Key) => {
    await api.DELETE("/v1/keys/{id}", { params: { path: { id: key.id } } });
    keys.reload();
  });
  return (
    <>
      {session.value?.key === null && <Notice tone="warn"><p>This server has no key yet, and asks for none. Once you make one, every request needs a key: the first is one of yours that opens everything, and this page signs in with it.</p></Notice>}
      <NewKey onMade={keys.reload} />
      <Card title="Keys">
        <div class="stack">
          <div class="one-field">
            <Field label="Of one owner" {...(owner && !isOwner(owner) ? { wrong: "small letters, digits, '.', '_' and '-' are in the names of owners" } : {})}>
              {(ids) => <input {...ids} type="search" value={owner} autocomplete="off" onInput={(event) => setOwner(event.currentTarget.value.trim())} />}
            </Field>
          </div>
          <Wrong problem={keys.problem} onRetry={keys.reload} />
          <Wrong problem={revoke.problem} />
          {keys.rows === undefined ? !keys.problem && <Waiting /> : keys.rows.length === 0 ? <p class="quiet">{asked ? `${asked} has no key.` : "There is no key yet."}</p> : (
            <Scroll label="Keys">
              <table>
                <thead><tr><th scope="col">Key</th><th scope="col">Owner</th><th scope="col">Opens</th><th scope="col">State</th><th scope="col">Made</th><th scope="col">Last used</th><th scope="col">What to do</th></tr></thead>
                <tbody>
                  {keys.rows.map((key) => (
                    <tr key={key.id}>
                      <th scope="row"><span class="name">{key.name}</span><br /><code class="quiet">{key.id}</code>{key.id === session.value?.key && <> <Badge tone="accent">this session's</Badge></>}</th>
                      <td>{key.owner}</td>
                      <td>{key.scopes.join(", ")}</td>
                      <td><KeyState of={key} /></td>
                      <td class="nowrap">{ago(key.created_at)}</td>
                      <td class="nowrap">{key.last_used_at ? ago(key.last_used_at) : <span class="quiet">never</span>}</td>
                      <td>
                        {key.revoked_at === null && (
                          <div class="row">
                            <button type="button" class="button little" aria-label={`Limit ${key.name}`} onClick={() => setLimited(key)}>Limit</button>
                            <button type="button" class="button little danger" aria-label={`Revoke ${key.name}`} onClick={() => setRevoked(key)}>Revoke</button>
                          </div>
                        )}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Scroll>
          )}
          {keys.hasMore && <div><button type="button" class="button" disabled={keys.isLoading} onClick={keys.more}>Show more</button></div>}
        </div>
      </Card>
      {limited && (
        <EditLimits
          key={limited.id}
          title={`Limits of the key “${limited.name}”`}
          hint="They replace those that the key has, which are not shown. A key can be let through less than its owner may, never more; all fields empty: as its owner."
          limits={{}}
          onSave={async (limits) => {
            await api.PUT("/v1/keys/{id}/limits", { params: { path: { id: limited.id } }, body: limits });
          }}
          onClose={() => setLimited(null)}
        />
      )}
      <Ask open={revoked !== null} title={`Revoke ${revoked?.name ?? ""}?`} action="Revoke the key" onAnswer={(yes) => { if (yes && revoked) void revoke.run(revoked); setRevoked(null); }}>
        <p>Whoever uses it, {revoked?.owner} and its programs, is refused from now on, and so are sessions that were started with it{revoked?.id === session.value?.key ? ": yours among them" : ""}. It cannot be taken back.</p>
      </Ask>
    </>
  );
}

function KeyState({ of: { revoked_at, expires_at } }: { of: Key }) {
  if (revoked_at !== null) return <><Badge>revoked</Badge> <span class="quiet small">{ago(revoked_at)}</span></>;
  if (expires_at === null) return <><Badge tone="good">good</Badge> <span class="quiet small">for ever</span></>;
  const isOver = new Date(expires_at).getTime() <= Date.now();
  return <><Badge tone={isOver ? "" : "good"}>{isOver ? "expired" : "good"}</Badge> <span class="quiet small">{isOver ? ago(expires_at) : `until ${moment(expires_at)}`}</span></>;
}
