import { useState } from "preact/hooks";
import { count, counted } from "../../words/format";
import type { Course } from "./course";
import type { Way } from "./follow";

const SHOWN = 20;
const times = new Intl.DateTimeFormat(navigator.languages?.length ? [...navigator.languages] : undefined, { timeStyle: "medium" });

/** What was said of a job, the newest first. */
export function Told({ course, way }: { course: Course; version: number; way: Way }) {
  const [isAll, setAll] = useState(false);
  const newest = [...course.messages].reverse();
  const shown = isAll ? newest : newest.slice(0, SHOWN);
  if (newest.length === 0) return <p class="quiet">{way === "reading" ? "Reading …" : "Nothing yet."}</p>;
  return (
    <div class="stack tight">
      <div class="job-told" tabIndex={0} role="region" aria-label="What happened">
      <ol>
        {shown.map(({ seq, at, text }) => (
          <li key={seq}><time class="quiet small number" dateTime={at}>{times.format(new Date(at))}</time> <span>{text}</span></li>
        ))}
      </ol>
      </div>
      {newest.length > SHOWN && <div><button type="button" class="button little" aria-expanded={isAll} onClick={() => setAll(!isAll)}>{isAll ? "Show the newest alone" : `Show all ${count(newest.length)}`}</button></div>}
      <p class="small quiet">
        {course.epochs > 0 ? `${counted(course.epochs, "event")} of progress besides, at most five a second. ` : ""}
        {course.dropped > 0 ? `${counted(course.dropped, "older message")} left out here.` : ""}
      </p>
    </div>
  );
}
