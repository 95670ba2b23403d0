import { useEffect, useState } from 'react';
import type { PageClock } from './clock.ts';

const TICK_MS = 1000;

/** The time, which goes on by the second while something is under way. */
export function useNow(clock: PageClock, isLive: boolean): number {
  const [, setTicks] = useState(0);
  useEffect(() => {
    if (!isLive) return;
    const timer = setInterval(() => setTicks((ticks) => ticks + 1), TICK_MS);
    return () => clearInterval(timer);
  }, [isLive]);
  return clock.nowMs();
}
