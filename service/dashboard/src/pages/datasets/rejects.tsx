import { useState } from "preact/hooks";
import { api, bodyOf, type Schema } from "../../api/client";
import { useResource } from "../../api/use";
import { Empty, Loaded } from "../../ui/parts";
import { count, counted } from "../../words/format";
import { recordsOf } from "../../words/csv";
import { Turn } from "./turn";

const LOOKED_AT = 256 * 1024; // characters; the rest is for who downloads them
const AT_ONCE = 50;
const CUT = 300;

/** The rows that are not in the table, and why: to look at here, all of them to download. */
export function Rejects({ of }: { of: Schema<"Dataset"> }) {
  const path = `/v1/datasets/${encodeURIComponent(of.id)}/rejects`;
  const some = useResource(() => firstRejects(of.id), [of.id]);
  const [from, setFrom] = useState(0);
  return (
    <Loaded of={some}>
      {({ rejects, isWhole }) => {
        if (!rejects.length) return of.state === "failed" ? null : <Empty title="No row was rejected"><p>Every row of the file is in the table.</p></Empty>;
        const shown = rejects.slice(from, from + AT_ONCE);
        return (
          <div class="stack tight">
            <div class="row apart">
              <p>{counted(of.rejected_rows ?? rejects.length, "row")} of the file could not be read and {of.rejected_rows === 1 ? "is" : "are"} not in the table.</p>
              <a class="button" href={path} download={`${of.name}-rejects.csv`}>Download the rejected rows (CSV)</a>
            </div>
            <div class="scroll" tabIndex={0} role="region" aria-label="Rejected rows">
              <table class="rejects">
                <thead><tr><th scope="col" class="number">Line</th><th scope="col">Column</th><th scope="col">Reason</th><th scope="col">As it stands in the file</th></tr></thead>
                <tbody>
                  {shown.map(({ line, column, reason, raw }, at) => (
                    <tr key={from + at}>
                      <th scope="row" class="number">{line}</th><td>{column || <span class="quiet">the whole row</span>}</td><td>{reason}</td>
                      <td><code>{raw.length > CUT ? `${raw.slice(0, CUT)}…` : raw}</code></td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
            <Turn from={from} shown={shown.length} total={rejects.length} what="rejects" step={AT_ONCE} onTurn={setFrom} />
            {!isWhole && <p class="quiet small">The first {count(rejects.length)} are shown here; the download has all of them.</p>}
          </div>
        );
      }}
    </Loaded>
  );
}

interface Reject {
  line: string;
  column: string;
  reason: string;
  raw: string;
}

/** As many as the first part of the list holds: it may be long, and no more of it is fetched. */
async function firstRejects(id: string): Promise<{ rejects: Reject[]; isWhole: boolean }> {
  const body = await bodyOf(api.GET("/v1/datasets/{id}/rejects", { params: { path: { id } }, parseAs: "stream" }));
  if (!body) return { rejects: [], isWhole: true };
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  let isWhole = false;
  while (!isWhole && text.length < LOOKED_AT) {
    const { value, done } = await reader.read();
    isWhole = done;
    text += value ?? "";
  }
  if (!isWhole) await reader.cancel();
  const [, ...records] = recordsOf(text, isWhole);
  return { rejects: records.map(([line = "", column = "", reason = "", raw = ""]) => ({ line, column, reason, raw })), isWhole };
}
