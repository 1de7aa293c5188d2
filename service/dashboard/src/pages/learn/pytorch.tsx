import { useEffect, useMemo, useState } from "preact/hooks";
import { judgedBy, printedBy, pytorchPage } from "../../lesson/script.ts";
import { Code } from "../../ui/parts";
import { counted } from "../../words/format";
import type { Lesson } from "./choices";
import { Section } from "./parts/section";

const NAME = "linear_neuron.py";

/** The run above as a script to take away, and what it prints. */
export function PytorchSection({ lesson }: { lesson: Lesson }) {
  const { sample, choices, settings, run, ground } = lesson;
  const script = useMemo(() => pytorchPage(sample, choices.division, choices.isScaled, settings), [run]);
  const printed = useMemo(() => [...printedBy(run), ...judgedBy(run, ground.prepared)].join("\n"), [run]);
  const [address, setAddress] = useState("");
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([script], { type: "text/x-python" }));
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [script]);
  return (
    <Section title="The same in PyTorch" see={`autograd counts the gradients, SGD makes the steps: run this page with the ${counted(sample.y.length, "row")} in it and it prints the numbers below. It changes with every choice above.`}>
      <div class="row">
        <a class="button" href={address} download={NAME}>Download {NAME}</a>
        <span class="small quiet">Needs Python and torch: <code>pip install torch</code></span>
      </div>
      <Code text={script} label="Copy the script" />
      <h3>It prints</h3>
      <Code text={printed} label="Copy" />
    </Section>
  );
}
