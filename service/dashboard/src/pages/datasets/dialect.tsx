import type { ComponentChildren } from "preact";
import type { Schema } from "../../api/client";
import { Card, Notice } from "../../ui/parts";
import { count, counted } from "../../words/format";

const MARKS: Record<string, string> = { "\t": "tab", " ": "space", ",": "comma", ";": "semicolon", "|": "bar" };

/** How the file is written, as it was found or declared. */
export function Dialect({ of }: { of: Schema<"Dataset"> }) {
  const { dialect } = of;
  const noted = (of.columns ?? []).filter(({ notes }) => notes?.length);
  return (
    <>
      <Card title="The file">
        <dl class="facts">
          {dialect && (
            <>
              <Fact name="Encoding">{dialect.encoding}</Fact>
              <Fact name="Between the cells">{MARKS[dialect.delimiter ?? ""] ?? <code>{dialect.delimiter}</code>}</Fact>
              <Fact name="Names of the columns">{dialect.header ? counted(dialect.header_lines ?? 1, "line") : "none: the columns are numbered"}</Fact>
              {dialect.skipped_lines ? <Fact name="Lines above the header">{count(dialect.skipped_lines)}, left out</Fact> : null}
              {dialect.comment && <Fact name="Comments begin with"><code>{dialect.comment}</code></Fact>}
              <Fact name="Words for a missing cell">{marks(dialect.text_style?.missing ?? [])}</Fact>
              {dialect.text_style?.decimal && <Fact name="Before the decimals">{dialect.text_style.decimal === "," ? "a comma, as declared" : "a point, as declared"}</Fact>}
            </>
          )}
          {!dialect && of.state === "ready" && <Fact name="Written as">Parquet: it describes itself</Fact>}
          <Fact name="Dataset"><code>{of.id}</code></Fact>
          <Fact name="SHA-256 of the bytes"><code>{of.sha256}</code></Fact>
        </dl>
      </Card>
      {noted.length > 0 && (
        <Card title="What was noted of columns">
          <dl class="facts notes">
            {noted.slice(0, 200).map(({ name, notes }) => (
              <Fact key={name} name={name}>{notes?.map((note) => <p key={note}>{note}</p>)}</Fact>
            ))}
          </dl>
          {noted.length > 200 && <p class="quiet small">and of {counted(noted.length - 200, "further column")}</p>}
        </Card>
      )}
      {noted.length > 0 && <Notice>If something was not meant so, upload the file again and declare it: the page asks before it is read.</Notice>}
    </>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

function marks(words: readonly string[]) {
  return <>an empty cell{words.filter(Boolean).map((word) => <>, <code key={word}>{word}</code></>)}</>;
}
