import { may } from "../../../api/client";
import { href } from "../../../router";
import { Card, Empty, Field, Heading, Notice, Waiting, Wrong } from "../../../ui/parts";
import { bytes, count, counted } from "../../../words/format";
import { Questions } from "./asked";
import { Choose } from "./choose";
import { type Draft, arrived, change, draft, drop, start, upload, uploadProblem } from "./draft";
import { FirstRows } from "./first-rows";
import { Kinds } from "./kinds";
import { useLooked } from "./looked";
import { Options } from "./options";
import { AS_FOUND, PARQUET, wrongName } from "./reading";
import { Sending } from "./sending";
import "../../../styles/data.css";

/** From a file to a dataset: choose it, see how it would be read, set that right, send it. */
export default function New() {
  return (
    <>
      <Heading title="Upload a table" above={<a class="small" href={href("/datasets")}>Datasets</a>} />
      {!may("train") ? (
        <Empty title="This key may not upload">
          <p>Uploading needs a key with the scope “train”, which this one lacks. An admin can make one with <code>adaline keys create</code>.</p>
        </Empty>
      ) : upload.value ? (
        <Sending {...upload.value} />
      ) : draft.value ? (
        <Look of={draft.value} />
      ) : (
        <>
          {arrived.value && <Notice tone="good">Uploaded: <a href={href(`/datasets/${arrived.value.id}`)}>{arrived.value.name}</a></Notice>}
          <Choose />
        </>
      )}
    </>
  );
}

function Look({ of }: { of: Draft }) {
  const { preview, problem, isLooking, again } = useLooked(of);
  const isParquet = of.told.mediaType === PARQUET;
  const dialect = preview?.dialect;
  const wrong = wrongName(of.name);
  return (
    <div class="stack">
      <Wrong problem={uploadProblem.value?.status === 401 ? undefined : uploadProblem.value} />
      <Card>
        <form class="row apart sendable" onSubmit={(event) => { event.preventDefault(); if (!wrong) void start(of); }}>
          <Field label="Name of the dataset" wrong={wrong}>
            {(ids) => <input {...ids} value={of.name} onInput={(event) => change({ name: event.currentTarget.value })} />}
          </Field>
          <div class="row">
            <span class="quiet small">{bytes(of.file.size)}{preview && `, ${counted(preview.columns.length, "column")}`}</span>
            <button type="button" class="button" onClick={drop}>Choose another file</button>
            <button class="button main" disabled={wrong !== ""}>Upload</button>
          </div>
        </form>
      </Card>
      {isLooking && <Waiting>{preview ? "Looking at it again …" : "Looking at the first part of the file …"}</Waiting>}
      <Wrong problem={problem} onRetry={again} />
      {!isLooking && !preview && !problem && (
        <Notice>A compressed Parquet file of this size is read as it describes itself: it can be looked at once it is uploaded.</Notice>
      )}
      {preview && (
        <>
          <Questions key={of.file.name + of.file.lastModified} of={of} preview={preview} />
          <Rejected preview={preview} />
          <Card title="Columns">
            <Kinds of={of} preview={preview} />
            {of.reading.kinds.size > 0 && (
              <p class="small">
                The kinds of {counted(of.reading.kinds.size, "column")} are declared.{" "}
                <button type="button" class="button plain little" onClick={() => change({ reading: { ...of.reading, kinds: AS_FOUND.kinds } })}>Take all of them as found</button>
              </p>
            )}
          </Card>
          {isParquet && preview.truncated
            ? <p class="quiet small">This is how the end of the file describes its columns. Its rows are there to look at once it is uploaded.</p>
            : <Card title="First rows"><FirstRows preview={preview} /></Card>}
        </>
      )}
      {!isParquet && (
        <details class="card" open={problem !== undefined}>
          <summary>How the file is written{dialect && `: ${dialect.encoding}, ${dialect.header ? "with" : "without"} a header`}</summary>
          <Options of={of} preview={preview} />
        </details>
      )}
      {!isParquet && preview?.truncated && <p class="quiet small">This is what the first {bytes(1024 * 1024)} of the file suggest. All of it is read once it is uploaded: a column may turn out to be of another kind then, unless its kind is declared here.</p>}
    </div>
  );
}

function Rejected({ preview: { rejects } }: { preview: { rejects: { row: number; column: string; reason: string }[] } }) {
  if (!rejects.length) return null;
  return (
    <Notice tone="warn">
      <strong>Among the first rows, {rejects.length >= 10 ? "10 or more" : count(rejects.length)} would be rejected:</strong>
      <ul>
        {rejects.map((one) => (
          <li key={`${one.row}${one.column}`}>row {count(one.row)}{one.column && <>, column <strong>{one.column}</strong></>}: {one.reason}</li>
        ))}
      </ul>
    </Notice>
  );
}
