import { useState } from "preact/hooks";
import { api, bodyOf, may } from "../../api/client";
import { useAction, useResource } from "../../api/use";
import { Card, Field, Loaded, Wrong } from "../../ui/parts";
import { day } from "../../words/format";
import { CLOSED } from "./point-alias";

/** With whom a model is shared for predicting. */
export function Shares({ name }: { name: string }) {
  const shares = useResource(() => bodyOf(api.GET("/v1/models/{name}/shares", { params: { path: { name } } })), [name]);
  const [grantee, setGrantee] = useState("");
  const isOpen = may("train");
  const share = useAction(async () => {
    await api.PUT("/v1/models/{name}/shares/{grantee}", { params: { path: { name, grantee: grantee.trim() } } });
    setGrantee("");
    shares.reload();
  });
  const end = useAction(async (with_: string) => {
    await api.DELETE("/v1/models/{name}/shares/{grantee}", { params: { path: { name, grantee: with_ } } });
    shares.reload();
  });
  return (
    <Card title="Shared with">
      <div class="stack">
        <p class="quiet small">Another owner may predict with all versions of this model. They do not see its report, its files or its data.</p>
        <Loaded of={shares}>
          {({ data }) =>
            data.length === 0 ? (
              <p class="quiet">Nobody else.</p>
            ) : (
              <ul class="aliases">
                {data.map((one) => (
                  <li key={one.grantee} class="row apart">
                    <span><strong>{one.grantee}</strong> <span class="quiet small">since {day(one.created_at)}</span></span>
                    <button type="button" class="button little" disabled={!isOpen || end.isRunning} onClick={() => void end.run(one.grantee)}>Stop sharing<span class="visually-hidden"> with {one.grantee}</span></button>
                  </li>
                ))}
              </ul>
            )
          }
        </Loaded>
        <Wrong problem={end.problem} />
        {isOpen ? (
          <form class="row one-line" onSubmit={(event) => { event.preventDefault(); void share.run(); }}>
            <Field label="Owner" wrong={share.problem?.at("/owner") || undefined}>
              {(ids) => <input {...ids} required maxLength={64} value={grantee} onInput={(event) => setGrantee(event.currentTarget.value)} />}
            </Field>
            <button class="button" disabled={share.isRunning}>Share</button>
          </form>
        ) : (
          <p class="quiet small">{CLOSED}</p>
        )}
        {!share.problem?.at("/owner") && <Wrong problem={share.problem} />}
      </div>
    </Card>
  );
}
