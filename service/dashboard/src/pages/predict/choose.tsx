import { useState } from "preact/hooks";
import { api, bodyOf, may } from "../../api/client";
import { useResource } from "../../api/use";
import { go, href } from "../../router";
import { Card, Empty, Field, Heading, Loaded, Notice } from "../../ui/parts";
import { Scroll } from "../../ui/scroll";
import { ago, count } from "../../words/format";
import { readReference } from "../../words/reference";

const address = (reference: string) => href(`/predict/${encodeURIComponent(reference)}`);

/** Which model to predict with: one's own, by name or alias, and those that others share. */
export default function Choose() {
  const canRead = may("read");
  return (
    <>
      <Heading title="Predict" />
      {!may("predict") && <Notice tone="warn"><p>Your key may not predict: it lacks the scope <code>predict</code>.</p></Notice>}
      <ByName />
      {canRead ? <Own /> : <Notice><p>Your key does not list models (it lacks the scope <code>read</code>): type the name of the one to predict with.</p></Notice>}
      {canRead && <Shared />}
    </>
  );
}

function ByName() {
  const [text, setText] = useState("");
  const isWrong = text.trim() !== "" && !readReference(text);
  return (
    <form class="row" onSubmit={(event) => { event.preventDefault(); if (readReference(text)) go(`/predict/${encodeURIComponent(text.trim())}`); }}>
      <Field label="Model by its name" hint="name, name@alias or name:version; owner/name of one that is shared with you" {...(isWrong ? { wrong: "this names no model" } : {})}>
        {(ids) => <input {...ids} value={text} autocomplete="off" spellcheck={false} onInput={(event) => setText(event.currentTarget.value)} />}
      </Field>
      <button class="button" disabled={!readReference(text)}>Predict with it</button>
    </form>
  );
}

function Own() {
  const [pages, setPages] = useState<(string | undefined)[]>([undefined]);
  const models = useResource(
    async () => {
      const found = [];
      let more: string | null = null;
      for (const after of pages) {
        const page = await bodyOf(api.GET("/v1/models", { params: { query: { limit: 100, ...(after ? { after } : {}) } } }));
        found.push(...page.data);
        more = page.has_more ? page.next : null;
      }
      return { found, more };
    },
    [pages],
  );
  return (
    <Loaded of={models}>
      {({ found, more }) =>
        found.length === 0 ? (
          <Empty title="There is no model yet">
            <p>Upload a table and train a model on it; then you can predict here, by a form or by a file.</p>
            <a class="button main" href={href("/train")}>Train a model</a>
          </Empty>
        ) : (
          <Card title="Your models">
            <Scroll label="Your models">
              <table>
                <thead><tr><th scope="col">Model</th><th scope="col">Serves</th><th scope="col">Aliases</th><th scope="col">Changed</th></tr></thead>
                <tbody>
                  {found.map((one) => (
                    <tr key={one.id}>
                      <th scope="row">{one.serves === null ? one.name : <a href={address(one.name)}>{one.name}</a>}</th>
                      <td>{one.serves === null ? <span class="quiet">no version</span> : <>version {count(one.serves)}</>}</td>
                      <td>
                        <span class="row">
                          {Object.entries(one.aliases ?? {}).map(([alias, version]) => (
                            <a key={alias} href={address(`${one.name}@${alias}`)}>@{alias} <span class="quiet small">(version {count(version)})</span></a>
                          ))}
                        </span>
                      </td>
                      <td class="nowrap">{ago(one.updated_at)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Scroll>
            {more && <button type="button" class="button" onClick={() => setPages([...pages, more])}>Show more</button>}
          </Card>
        )
      }
    </Loaded>
  );
}

function Shared() {
  const shares = useResource(() => bodyOf(api.GET("/v1/shared-models")), []);
  return (
    <Loaded of={shares}>
      {({ data }) =>
        data.length > 0 && (
          <Card title="Shared with you">
            <ul>
              {data.map((one) => (
                <li key={one.model}>
                  <a href={address(one.model)}>{one.model}</a> <span class="quiet small">by {one.owner}, {ago(one.created_at)}</span>
                </li>
              ))}
            </ul>
          </Card>
        )
      }
    </Loaded>
  );
}
