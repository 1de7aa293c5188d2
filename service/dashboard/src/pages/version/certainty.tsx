import type { ComponentChildren } from "preact";
import type { Schema } from "../../api/client";
import { href } from "../../router";
import { Card, Notice, Stat, Stats } from "../../ui/parts";
import { count, counted, number, percent } from "../../words/format";
import { Picture, pictureOf } from "./picture";
import type { View } from "./view";

/** How far predictions can be trusted: intervals and residuals of a regression, classes and calibration of a classifier. */
export function Certainty({ version, view }: { version: Schema<"Version">; view: View }) {
  const { intervals, residuals, classes } = view;
  if (!intervals?.length && !residuals && !classes) return null;
  return (
    <section class="stack" aria-labelledby="certainty">
      <h2 id="certainty">How far to trust a prediction</h2>
      {intervals && intervals.length > 0 && <Intervals intervals={intervals} />}
      {residuals && <Residuals residuals={residuals} dataset={version.dataset} />}
      {classes && <Classes classes={classes} />}
      <Picture version={version} file={pictureOf("calibration", view.number)} caption="Calibration: predicted probabilities beside observed shares" />
    </section>
  );
}

function Table({ label, head, children }: { label: string; head: [string, boolean][]; children: ComponentChildren }) {
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={label}>
      <table>
        <caption class="visually-hidden">{label}</caption>
        <thead><tr>{head.map(([name, isNumber]) => <th key={name} scope="col" class={isNumber ? "number" : undefined}>{name}</th>)}</tr></thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

function Intervals({ intervals }: { intervals: Schema<"Interval">[] }) {
  const reason = intervals.find((one) => one.reason)?.reason;
  return (
    <Card title="Prediction intervals">
      <div class="stack">
        <p class="quiet small">Prediction ± half width holds the true value of the given share of new rows, as far as they are like those that were held out (split-conformal).</p>
        <Table label="Prediction intervals" head={[["Level", true], ["Half width", true], ["Covered", true], ["Measured on", false], ["Calibrated on", false]]}>
          {intervals.map((one) => (
            <tr key={one.level}>
              <th scope="row" class="number">{percent(one.level)}</th>
              <td class="number">{typeof one.half_width === "number" ? `± ${number(one.half_width)}` : "–"}</td>
              <td class="number">{percent(one.coverage)}</td>
              <td>{one.measured_on ? `${count(one.rows)} ${one.measured_on} rows` : "–"}</td>
              <td>{one.calibrated_on ? `${count(one.calibration_rows)} ${one.calibrated_on} rows` : "–"}</td>
            </tr>
          ))}
        </Table>
        {reason && <Notice>{reason}</Notice>}
      </div>
    </Card>
  );
}

function Residuals({ residuals, dataset }: { residuals: Schema<"Residuals">; dataset: string }) {
  const { part, rows = 0, mean, standard_deviation, skew, quantiles = {}, worst = [] } = residuals;
  return (
    <Card title="Residuals">
      <div class="stack">
        <p class="quiet small">True value − prediction, on {counted(rows, `${part} row`)}.</p>
        <Stats>
          <Stat name="Mean">{number(mean)}</Stat>
          <Stat name="Standard deviation">{number(standard_deviation)}</Stat>
          <Stat name="Skew">{number(skew)}</Stat>
          {Object.entries(quantiles).map(([level, value]) => <Stat key={level} name={quantileName(level)}>{number(value)}</Stat>)}
        </Stats>
        {worst.length > 0 && (
          <>
            <h3>Worst predictions</h3>
            <Table label="Worst predictions" head={[["Row", true], ["True value", true], ["Prediction", true], ["Residual", true]]}>
              {worst.map((one) => (
                <tr key={one.row}>
                  <th scope="row" class="number">{count(one.row)}</th>
                  <td class="number">{number(one.truth)}</td>
                  <td class="number">{number(one.prediction)}</td>
                  <td class="number">{number(one.residual)}</td>
                </tr>
              ))}
            </Table>
            <p class="quiet small">Rows are counted from 0, as they stand in <a href={href(`/datasets/${dataset}`, { view: "rows" })}>the dataset</a>.</p>
          </>
        )}
      </div>
    </Card>
  );
}

function quantileName(level: string): string {
  const share = Number(level);
  return Number.isFinite(share) && level !== "" ? `${percent(share)} are below` : level;
}

function Classes({ classes: { part, rows = 0, per_class = [], curves = [], calibration, temperature } }: { classes: Schema<"Classes"> }) {
  const areas = new Map(curves.map((one) => [String(one.class), one]));
  return (
    <>
      <Card title="Class by class">
        <Table label={`Scores of each class on ${counted(rows, `${part} row`)}`} head={[["Class", false], ["Rows", true], ["Precision", true], ["Recall", true], ["F1", true], ["ROC AUC", true], ["Average precision", true]]}>
          {per_class.map((one) => {
            const label = String(one.class);
            return (
              <tr key={label}>
                <th scope="row">{label}</th>
                <td class="number">{count(one.support)}</td>
                <td class="number">{number(one.precision)}</td>
                <td class="number">{number(one.recall)}</td>
                <td class="number">{number(one.f1)}</td>
                <td class="number">{number(areas.get(label)?.roc_auc)}</td>
                <td class="number">{number(areas.get(label)?.average_precision)}</td>
              </tr>
            );
          })}
        </Table>
      </Card>
      {calibration?.bins && (
        <Card title="Do probabilities come true?">
          <div class="stack">
            <Stats>
              <Stat name="Expected calibration error">{number(calibration.expected_error)}</Stat>
              <Stat name="Brier score">{number(calibration.brier)}</Stat>
              {temperature?.is_applied && <Stat name="Temperature">{number(temperature.temperature)}</Stat>}
            </Stats>
            {temperature && (
              <p class="quiet small">
                {temperature.is_applied
                  ? `Scores are divided by ${number(temperature.temperature)} before they become probabilities, which lowers the log loss from ${number(temperature.log_loss_before)} to ${number(temperature.log_loss)} on rows that the number was not fitted on.`
                  : "Dividing the scores by a temperature was tried, and made the probabilities of other rows no better: it is left out."}
              </p>
            )}
            <details>
              <summary>Predicted and observed, as a table</summary>
              <Table label={`Probabilities of ${calibration.of ?? ""}, predicted and observed`} head={[["Predicted", true], ["Observed", true], ["95 % interval of the observed", true], ["Rows", true]]}>
                {calibration.bins.map((bin) => (
                  <tr key={bin.predicted}>
                    <th scope="row" class="number">{percent(bin.predicted)}</th>
                    <td class="number">{percent(bin.observed)}</td>
                    <td class="number">{percent(bin.low)} to {percent(bin.high)}</td>
                    <td class="number">{count(bin.rows)}</td>
                  </tr>
                ))}
              </Table>
            </details>
          </div>
        </Card>
      )}
    </>
  );
}
