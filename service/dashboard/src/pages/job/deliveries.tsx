import { api, bodyOf } from "../../api/client";
import { useResource } from "../../api/use";
import { Badge } from "../../ui/parts";
import { counted, moment } from "../../words/format";

const TONES = { delivered: "good", pending: "warn", failed: "bad" } as const;
const ASK_SECONDS = 15;

/** What webhooks were told of a job; nothing where there are none. */
export function Deliveries({ job }: { job: string }) {
  const all = useResource(() => bodyOf(api.GET("/v1/jobs/{id}/deliveries", { params: { path: { id: job } } })), [job], ASK_SECONDS);
  const told = all.data?.data ?? [];
  if (told.length === 0) return null;
  return (
    <details class="small">
      <summary>{counted(told.length, "message")} to webhooks</summary>
      <ul>
        {told.map((one) => (
          <li key={one.id}>
            <Badge tone={TONES[one.state]}>{one.state}</Badge> {one.type}, {counted(one.attempts, "attempt")}
            {one.last_attempt_at ? `, the last ${moment(one.last_attempt_at)}` : ""}
            {one.error ? `: ${one.error}` : ""}
          </li>
        ))}
      </ul>
    </details>
  );
}
