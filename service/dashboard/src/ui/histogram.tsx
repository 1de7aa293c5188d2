import { percent } from "../words/format";
import { type Bins, type Counted, barsOf, sharesOf, toldOfBins } from "../words/spread";
import "../styles/histogram.css";

const WIDTH = 200;
const HEIGHT = 40;
const GROUND = 2;

/** How numbers are spread: a bar for each bin, with its figures where the pointer is; told as a whole in words. */
export function Histogram({ bins, label }: { bins: Bins; label: string }) {
  const bars = barsOf(bins);
  const width = WIDTH / Math.max(bars.length, 1);
  return (
    <svg class="histogram" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={`${label}: ${toldOfBins(bins)}`}>
      {bars.map((bar, at) => (
        <rect key={at} x={at * width + 0.5} y={(HEIGHT - GROUND) * (1 - bar.height)} width={Math.max(width - 1, 0.5)} height={(HEIGHT - GROUND) * bar.height}>
          <title>{bar.words}</title>
        </rect>
      ))}
      <line x1={0} x2={WIDTH} y1={HEIGHT - 1} y2={HEIGHT - 1} />
    </svg>
  );
}

/** The most frequent values of `of` cells, each with its share as a bar and as a number. */
export function Shares({ top, of, most = 3 }: { top: readonly Counted[]; of: number; most?: number }) {
  return (
    <ul class="shares">
      {sharesOf(top, of, most).map((one, at) => (
        <li key={at}>
          <span class="bar" style={{ width: `${one.share * 100}%` }} aria-hidden="true" />
          <span class={one.isRest ? "name rest" : "name"} title={one.name}>{one.name === "" ? "(empty)" : one.name}</span>
          <span class="share">{percent(one.share)}</span>
        </li>
      ))}
    </ul>
  );
}

/** A share from 0 to 1 as a bar beside its number. */
export function Part({ share }: { share: number }) {
  return (
    <span class="part">
      <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
        <rect x={0} y={0} width={share > 0 ? Math.max(share * 100, 2) : 0} height={10} />
      </svg>
      {percent(share)}
    </span>
  );
}
