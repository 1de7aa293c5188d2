import { useEffect, useRef } from "preact/hooks";
import { Code } from "../../ui/parts";

/** What the server shows once and never again. */
export function Secret({ text, label, children, onDone }: { text: string; label: string; children: string; onDone: () => void }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.focus(), [text]);
  return (
    <div class="notice good stack tight" role="group" aria-label={label} tabIndex={-1} ref={box}>
      <strong>{label}</strong>
      <p>{children}</p>
      <Code text={text} />
      <div><button type="button" class="button little" onClick={onDone}>I have kept it</button></div>
    </div>
  );
}
