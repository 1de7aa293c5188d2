import { Progress } from "../../../ui/parts";
import { bytes, percent, seconds } from "../../../words/format";
import type { Upload } from "./draft";
import { paceOf } from "./pace";

/** An upload as it goes: how much has left, how fast, and for how long still. */
export function Sending({ name, sent, began, cancel }: Upload) {
  const { fraction, perSecond, left, isAll } = paceOf(sent, (Date.now() - began) / 1000);
  return (
    <section class="card stack tight" aria-label="Upload">
      <div class="row apart">
        <h2>{isAll ? "The server has all of it" : "Uploading"} <span class="quiet">{name}</span></h2>
        <button type="button" class="button" onClick={cancel}>Cancel the upload</button>
      </div>
      <Progress fraction={fraction} label={`Upload of ${name}`} />
      <p class="quiet small">
        {isAll ? "It is being stored …" : (
          <>{bytes(sent.sent)} of {bytes(sent.total)}{perSecond !== null && <> · {bytes(perSecond)} a second</>}{left !== null && <> · {seconds(left)} left</>}</>
        )}
      </p>
      <span class="visually-hidden" role="status">{isAll ? "All of the file is sent" : `${percent(Math.floor((fraction ?? 0) * 4) / 4)} of the file is sent`}</span>
      {!isAll && <p class="quiet small">You may look at other pages meanwhile; closing this window ends the upload.</p>}
    </section>
  );
}
