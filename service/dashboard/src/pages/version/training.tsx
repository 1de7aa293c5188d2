import type { Schema } from "../../api/client";
import { Chart } from "../../ui/chart";
import { Card, Notice, Stat, Stats } from "../../ui/parts";
import { count, counted, number, percent, seconds } from "../../words/format";
import { lossesOf } from "./history";
import { Picture } from "./picture";

/** How the training went: its losses epoch by epoch, and what the curvature of the problem allowed. */
export function Training({ version, report }: { version: Schema<"Version">; report: Schema<"Report"> }) {
  const { history = [], loss_units, best_epoch, lineage, curvature } = report;
  const last = history.at(-1);
  return (
    <section class="stack" aria-labelledby="training">
      <h2 id="training">How it was trained</h2>
      {last && (
        <Card>
          <div class="stack">
            <Stats>
              <Stat name="Epochs">{count(last.epoch)}</Stat>
              <Stat name="Best epoch, whose weights were kept">{count(best_epoch)}</Stat>
              <Stat name="Last learning rate">{number(last.learning_rate)}</Stat>
              <Stat name="Took">{seconds(lineage?.seconds)}</Stat>
            </Stats>
            <Chart title="Loss by epoch" curves={lossesOf(history)} xLabel="Epoch" yLabel={loss_units === undefined || loss_units === "target" ? "Loss" : `Loss (${loss_units})`} log="offered" />
          </div>
        </Card>
      )}
      <Picture version={version} file="weights-by-epoch.svg" caption="The weights after each epoch" />
      {curvature && <Curvature curvature={curvature} />}
    </section>
  );
}

function Curvature({ curvature: { scaled, raw, note, forecast, forecast_left_out } }: { curvature: Schema<"ReportedCurvature"> }) {
  if (!scaled && !raw) return note ? <Notice>{note}</Notice> : null;
  const rows: [string, (of: Schema<"Curvature">) => string][] = [
    ["Full-batch descent is stable below a learning rate of", (of) => number(of.stable_learning_rate)],
    ["Learning rate with the best worst case", (of) => number(of.best_learning_rate)],
    ["Epochs until 1 % of the gap is left, at most", (of) => count(of.epochs_to_1_percent)],
    ["Condition number", (of) => number(of.condition_number)],
    ["Largest curvature λmax", (of) => number(of.lambda_max)],
    ["Least curvature λmin that is not zero", (of) => number(of.lambda_min)],
  ];
  return (
    <Card title="What the rows allow a descent">
      <div class="stack">
        <div class="scroll" tabIndex={0} role="group" aria-label="Curvature">
          <table>
            <caption class="visually-hidden">Curvature of the mean squared error of a linear neuron on the training rows</caption>
            <thead>
              <tr>
                <th scope="col">On the training rows</th>
                {scaled && <th scope="col" class="number">Columns scaled</th>}
                {raw && <th scope="col" class="number">Columns as they are</th>}
              </tr>
            </thead>
            <tbody>
              {rows.map(([name, tell]) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  {scaled && <td class="number">{tell(scaled)}</td>}
                  {raw && <td class="number">{tell(raw)}</td>}
                </tr>
              ))}
              {forecast && (
                <>
                  <Forecast name="Best learning rate on these very rows" tell={(of) => number(of.best_learning_rate)} scaled={scaled ? forecast.scaled : undefined} raw={raw ? forecast.raw : undefined} />
                  <Forecast name="Epochs until 1 % of the gap is left at that rate" tell={(of) => count(of.epochs_to_1_percent)} scaled={scaled ? forecast.scaled : undefined} raw={raw ? forecast.raw : undefined} />
                </>
              )}
            </tbody>
          </table>
        </div>
        {forecast?.run && <p class="small">{runInWords(forecast.run)}</p>}
        {note && <p class="quiet small">{note}</p>}
        {forecast_left_out && <p class="quiet small">{forecast_left_out}</p>}
      </div>
    </Card>
  );
}

/** A row of the table; a cell is empty where its column has no forecast, and there is none where there is no column. */
function Forecast({ name, tell, scaled, raw }: { name: string; tell: (of: Schema<"Forecast">) => string } & Record<"scaled" | "raw", Schema<"Forecast"> | null | undefined>) {
  return (
    <tr>
      <th scope="row">{name}</th>
      {[scaled, raw].map((of, place) => of !== undefined && <td key={place} class="number">{of ? tell(of) : "–"}</td>)}
    </tr>
  );
}

function runInWords({ epochs_to_1_percent: soon, epochs, share_left }: Schema<"ForecastOfRun">): string {
  const left = share_left > 1 ? "and the loss grows" : `and ${percent(share_left) === percent(0) ? number(share_left) : percent(share_left)} of it after all ${counted(epochs, "epoch")}`;
  return `The forecast of this very run: ${soon === null ? "more than 1 % of the gap to the optimum is left at its end" : `1 % of the gap to the optimum is left after ${counted(soon, "epoch")}`}, ${left}.`;
}
