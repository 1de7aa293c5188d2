import { useId, useMemo } from "preact/hooks";
import type { Schemas } from "../../api/schemas";
import { at, type Draft, put } from "../../ui/form/draft";
import { fieldsOf } from "../../ui/form/schema";

const CALLED: Record<string, string> = { linear: "A linear neuron", mlp: "A network", auto: "Both, and the better one is kept" };

/** The kinds of network that the schema knows, each with its own words. */
export function Kinds({ schemas, draft, onChange, isComparison }: { schemas: Schemas; draft: Draft; onChange: (draft: Draft) => void; isComparison: boolean }) {
  const group = useId();
  const field = useMemo(() => fieldsOf({ $ref: "Network" }, schemas).find(({ name }) => name === "kind"), [schemas]);
  if (!field) return null;
  const words = field.ways.flatMap((way) => (way.is === "word" && typeof way.value === "string" ? [way.value] : []));
  const chosen = at(draft, ["network", "kind"]) ?? field.preset;
  return (
    <fieldset>
      <legend>What is trained</legend>
      <div class="train-kinds">
        {words.filter((word) => !isComparison || word !== "auto").map((word) => (
          <label key={word} class="train-kind">
            <input type="radio" name={group} checked={chosen === word} onChange={() => onChange(put(draft, ["network", "kind"], word === field.preset ? undefined : word))} />
            <span>
              <strong>{CALLED[word] ?? word}</strong>
              {field.meanings[word] && !CALLED[word]?.toLowerCase().endsWith(field.meanings[word]) && <span class="quiet small">{sentence(field.meanings[word])}</span>}
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function sentence(text: string): string {
  return text.split(". ")[0] ?? "";
}
