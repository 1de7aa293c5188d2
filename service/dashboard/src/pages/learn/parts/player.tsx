import { useEffect, useState } from "preact/hooks";
import { counted } from "../../../words/format";

const FRAMES = 160; // of a whole run
const CALM = window.matchMedia("(prefers-reduced-motion: reduce)");

export interface Player {
  /** Steps that are done. */
  done: number;
  total: number;
  perEpoch: number;
  isPlaying: boolean;
  go: (done: number) => void;
  toggle: () => void;
}

/** Plays a run of so many steps; it stands at its end whenever the run becomes another (`of`). */
export function usePlayer(total: number, perEpoch: number, of: unknown): Player {
  const [state, set] = useState({ of, done: total, isPlaying: false });
  const now = state.of === of ? state : { of, done: total, isPlaying: false };
  const stride = CALM.matches ? perEpoch : Math.max(1, Math.round(total / FRAMES));
  useEffect(() => {
    if (!now.isPlaying) return;
    // where motion is to be reduced, a still picture for each epoch
    const pause = CALM.matches ? 1000 : total < 80 ? 180 : 60;
    const timer = window.setInterval(
      () =>
        set((before) => {
          const done = Math.min(total, before.done + stride);
          return { of, done, isPlaying: done < total };
        }),
      pause,
    );
    return () => window.clearInterval(timer);
  }, [now.isPlaying, total, stride, of]);
  return {
    done: Math.min(now.done, total),
    total,
    perEpoch,
    isPlaying: now.isPlaying,
    go: (done) => set({ of, done: Math.max(0, Math.min(total, Math.round(done))), isPlaying: false }),
    toggle: () => set({ of, done: now.done >= total && !now.isPlaying ? 0 : now.done, isPlaying: !now.isPlaying }),
  };
}

/** "Epoch 3 of 30", "Epoch 3 of 30, step 12 of 205 in it". */
export function whereWords({ done, total, perEpoch }: Player): string {
  const epochs = Math.round(total / perEpoch);
  if (done === 0) return `Before the first step of ${counted(epochs, "epoch")}`;
  const epoch = Math.ceil(done / perEpoch);
  const inEpoch = done - (epoch - 1) * perEpoch;
  return perEpoch === 1 || inEpoch === perEpoch ? `After epoch ${epoch} of ${epochs}` : `In epoch ${epoch} of ${epochs}, after step ${inEpoch} of ${perEpoch}`;
}

/** Back, play, on: by a step or by an epoch. What is closed at an end keeps the focus of whom got there by it. */
export function PlayerControls({ player, name }: { player: Player; name: string }) {
  const { done, total, perEpoch, isPlaying, go, toggle } = player;
  const few = perEpoch > 1;
  const epoch = done / perEpoch;
  return (
    <div class="player" role="group" aria-label={name}>
      <div class="row">
        {few && <button type="button" class="button little" aria-disabled={done <= 0} onClick={() => go((Math.ceil(epoch) - 1) * perEpoch)}>Epoch back</button>}
        <button type="button" class="button little" aria-disabled={done <= 0} onClick={() => go(done - 1)}>Step back</button>
        <button type="button" class="button little main" onClick={toggle}>{isPlaying ? "Pause" : "Play"}</button>
        <button type="button" class="button little" aria-disabled={done >= total} onClick={() => go(done + 1)}>Step</button>
        {few && <button type="button" class="button little" aria-disabled={done >= total} onClick={() => go((Math.floor(epoch) + 1) * perEpoch)}>Epoch</button>}
      </div>
      <input type="range" aria-label={`${name}: step`} min={0} max={total} step={1} value={done} aria-valuetext={whereWords(player)} onInput={(event) => go(Number(event.currentTarget.value))} />
      <p class="small quiet" aria-live={isPlaying ? "off" : "polite"}>{whereWords(player)}</p>
    </div>
  );
}
