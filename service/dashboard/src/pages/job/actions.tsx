import { useState } from "preact/hooks";
import { api, may, type Schema } from "../../api/client";
import { useAction } from "../../api/use";
import { go, href } from "../../router";
import { Ask, Wrong } from "../../ui/parts";

type Asked = "cancel" | "delete" | null;

/** What can be done to a job in its state; closed, with the reason, for a key that may only read. */
export function Actions({ job, onDone }: { job: Schema<"Job">; onDone: () => void }) {
  const [asked, setAsked] = useState<Asked>(null);
  const params = { params: { path: { id: job.id } } };
  const { run, isRunning, problem } = useAction(async (act: "cancel" | "pause" | "resume" | "delete") => {
    if (act === "delete") {
      await api.DELETE("/v1/jobs/{id}", params);
      go("/jobs");
      return;
    }
    if (act === "cancel") await api.POST("/v1/jobs/{id}/cancel", params);
    else if (act === "pause") await api.POST("/v1/jobs/{id}/pause", params);
    else await api.POST("/v1/jobs/{id}/resume", params);
    onDone();
  });
  const isClosed = isRunning || !may("train");
  const answer = (yes: boolean) => {
    const act = asked;
    setAsked(null);
    if (yes && act) void run(act);
  };
  const isPausable = job.state === "queued" || job.state === "running";
  return (
    <>
      {!may("train") && <span class="small quiet">Your key may only look.</span>}
      {job.state === "paused" && <button type="button" class="button main" disabled={isClosed} onClick={() => void run("resume")}>Resume</button>}
      {isPausable && <button type="button" class="button" disabled={isClosed} onClick={() => void run("pause")}>Pause</button>}
      {!job.is_terminal && <button type="button" class="button danger" disabled={isClosed || job.state === "cancelling"} onClick={() => setAsked("cancel")}>{job.state === "cancelling" ? "Cancelling …" : "Cancel the job"}</button>}
      {job.is_terminal && job.kind !== "predict" && <a class="button" href={href("/train", { job: job.id })}>Use its spec again</a>}
      {job.is_terminal && <button type="button" class="button danger" disabled={isClosed} onClick={() => setAsked("delete")}>Delete</button>}
      <Ask open={asked === "cancel"} title="Cancel this job?" action="Cancel the job" otherwise="Let it go on" onAnswer={answer}>
        <p>What it has learnt so far is lost, and no version is published. To go on later, pause it instead.</p>
      </Ask>
      <Ask open={asked === "delete"} title="Delete this job?" action="Delete it" onAnswer={answer}>
        <p>{job.kind === "predict" ? "Its events and the file of its predictions are deleted with it." : "Its events are deleted with it. A version that it has published stays, with its report."}</p>
      </Ask>
      <Wrong problem={problem} />
    </>
  );
}
