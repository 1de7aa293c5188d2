import { api, bodyOf, type Schema, signIns } from "../../api/client";
import { href } from "../../router";
import { Badge, Card, Waiting, Wrong } from "../../ui/parts";
import { Scroll } from "../../ui/scroll";
import { usePaged } from "../../ui/virtual/paged";
import { ago, count, moment } from "../../words/format";

const TONES = { pending: "warn", delivered: "good", failed: "bad" } as const;

/** What a webhook was told or is to be, with the last answer. */
export function Deliveries({ webhook }: { webhook: Schema<"Webhook"> }) {
  const list = usePaged(
    (after) => bodyOf(api.GET("/v1/webhooks/{id}/deliveries", { params: { path: { id: webhook.id }, query: { limit: 50, ...(after ? { after } : {}) } } })),
    ({ id }) => id,
    [webhook.id, signIns.value],
    10,
  );
  return (
    <Card title={`Deliveries to ${webhook.url}`}>
      <Wrong problem={list.problem} onRetry={list.reload} />
      {list.rows === undefined ? !list.problem && <Waiting /> : list.rows.length === 0 ? <p class="quiet">Nothing has happened yet that it is told of.</p> : (
        <Scroll label="Deliveries">
          <table>
            <thead><tr><th scope="col">Event</th><th scope="col">State</th><th scope="col" class="number">Attempts</th><th scope="col">Last answer</th><th scope="col">Tried again</th><th scope="col">Job</th><th scope="col">What is sent</th></tr></thead>
            <tbody>
              {list.rows.map((one) => (
                <tr key={one.id}>
                  <th scope="row">{one.type} <span class="quiet small">{ago(one.created_at)}</span></th>
                  <td><Badge tone={TONES[one.state]}>{one.state}</Badge></td>
                  <td class="number">{count(one.attempts)}</td>
                  <td class="words">{one.status ?? ""} {one.error ?? ""} {one.last_attempt_at && <span class="quiet small">{ago(one.last_attempt_at)}</span>}</td>
                  <td class="nowrap">{one.next_attempt_at ? moment(one.next_attempt_at) : ""}</td>
                  <td><a href={href(`/jobs/${one.job}`)}>the job</a></td>
                  <td><details><summary>body</summary><pre class="small">{JSON.stringify(one.body, null, 2)}</pre></details></td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
      {list.hasMore && <button type="button" class="button" disabled={list.isLoading} onClick={list.more}>Show more</button>}
    </Card>
  );
}
