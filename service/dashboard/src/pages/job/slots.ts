const MOST = 3;  // a browser has six connections to a server, for all its windows together

/**
 * A place for a stream that stays open, of a few that all windows of this browser share; null where all are taken: then
 * one asks now and again instead. `free` gives it back.
 */
export async function takeSlot(): Promise<{ free: () => void } | null> {
  if (!("locks" in navigator)) return { free: () => undefined };  // over plain HTTP from elsewhere there are none
  for (let place = 0; place < MOST; place += 1) {
    const free = await hold(`adaline-stream-${place}`);
    if (free) return { free };
  }
  return null;
}

function hold(name: string): Promise<(() => void) | null> {
  return new Promise((settle) => {
    const asked = navigator.locks.request(name, { ifAvailable: true }, (lock) => {
      if (!lock) {
        settle(null);
        return undefined;
      }
      return new Promise<void>((free) => settle(() => free()));
    });
    asked.catch(() => settle(null));
  });
}
