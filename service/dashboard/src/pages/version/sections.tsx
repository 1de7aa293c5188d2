import { useState } from "preact/hooks";
import type { Schema } from "../../api/client";
import { Field, Notice } from "../../ui/parts";
import { Certainty } from "./certainty";
import { Features } from "./features";
import { Neuron } from "./neuron";
import { Quality } from "./quality";
import { Training } from "./training";
import { viewsOf } from "./view";

interface Given {
  version: Schema<"Version">;
  report: Schema<"Report">;
}

/** The report of a version, from how good it is to how it was trained; of several targets, of one at a time. */
export function Sections({ version, report }: Given) {
  const views = viewsOf(report, version.target);
  const [chosen, setChosen] = useState(0);
  const view = views[chosen] ?? views[0];
  if (!view) return null;
  return (
    <>
      <Told report={report} />
      <nav aria-label="On this page">
        <ul class="contents">
          <li><a href="#quality">How good it is</a></li>
          {(view.weights || view.certificate || view.certificate_left_out) && <li><a href="#weights">Weights</a></li>}
          {view.importance && <li><a href="#features">Features</a></li>}
          {(view.intervals || view.residuals || view.classes) && <li><a href="#certainty">Uncertainty</a></li>}
          <li><a href="#training">Training</a></li>
          <li><a href="#origin">Origin</a></li>
          <li><a href="#files">Files</a></li>
        </ul>
      </nav>
      {views.length > 1 && (
        <div class="row one-line">
          <Field label="Target" hint="The figures below are those of one target.">
            {(ids) => (
              <select {...ids} value={String(chosen)} onChange={(event) => setChosen(Number(event.currentTarget.value))}>
                {views.map(({ target }, place) => <option key={target} value={String(place)}>{target}</option>)}
              </select>
            )}
          </Field>
        </div>
      )}
      <Quality version={version} report={report} view={view} />
      <Neuron version={version} view={view} />
      <Features key={view.target} version={version} view={view} />
      <Certainty version={version} view={view} />
      <Training version={version} report={report} />
    </>
  );
}

/** What the report says in sentences: the verdict, the choice, the refit, and what a good teacher would mention. */
function Told({ report: { verdict, choice, refit, warnings = [] } }: { report: Schema<"Report"> }) {
  const tone = verdict?.worth_it === "yes" ? "good" : verdict?.worth_it === "no" ? "warn" : "";
  return (
    <div class="stack tight">
      {verdict?.sentence && <Notice tone={tone}><strong>Is the non-linearity worth it? {verdict.worth_it === "yes" ? "Yes." : verdict.worth_it === "no" ? "No." : "Unclear."}</strong> {verdict.sentence}</Notice>}
      {choice?.sentence && <Notice><strong>Which was published:</strong> {choice.sentence}</Notice>}
      {refit?.sentence && <Notice><strong>Trained once more:</strong> {refit.sentence}</Notice>}
      {warnings.map(({ code, detail, pointer }) => (
        <Notice key={(code ?? "") + (detail ?? "")} tone="warn"><strong>Mind:</strong> {detail} {pointer && <code class="small">{pointer}</code>}</Notice>
      ))}
    </div>
  );
}
