/** How an upload comes on. */

export interface Pace {
  /** null where nobody knows how much there is. */
  fraction: number | null;
  perSecond: number | null;
  /** Seconds. */
  left: number | null;
  isAll: boolean;
}

const SURE_SECONDS = 0.5; // before that a speed says nothing

export function paceOf({ sent, total }: { sent: number; total: number }, passed: number): Pace {
  const isAll = total > 0 && sent >= total;
  const perSecond = passed >= SURE_SECONDS && sent > 0 ? sent / passed : null;
  return {
    fraction: total > 0 ? Math.min(1, sent / total) : null,
    perSecond,
    left: perSecond && total > sent ? (total - sent) / perSecond : null,
    isAll,
  };
}
