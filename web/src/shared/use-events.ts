import { useEffect, useRef, useSyncExternalStore } from 'react';
import { type EventHandlers, listenToEvents } from './listen-to-events.ts';

/**
 * Hears the events of a path while the component stands and its tab is seen: a browser has few connections to one
 * server, which all its tabs share. @param path undefined, nothing is listened to.
 * @returns whether the stream stands now.
 */
export function useEvents(path: string | undefined, on: EventHandlers, onBreak: () => void): () => boolean {
  const stands = useRef(false);
  const latest = useRef({ on, onBreak });
  useEffect(() => {
    latest.current = { on, onBreak };
  });
  const isSeen = useSyncExternalStore(subscribeToVisibility, () => !document.hidden);
  const names = Object.keys(on).join();
  useEffect(() => {
    if (path === undefined || !isSeen) return;
    const end = listenToEvents({
      path,
      on: Object.fromEntries(names.split(',').map((name) => [name, (data) => latest.current.on[name]?.(data)])),
      onStands: (now) => {
        const broke = stands.current && !now;
        stands.current = now;
        if (broke) latest.current.onBreak();
      },
      open: (address) => new EventSource(address),
      after: (ms, callback) => {
        const timer = setTimeout(callback, ms);
        return () => clearTimeout(timer);
      },
    });
    return () => {
      end();
      stands.current = false;
    };
  }, [path, isSeen, names]);
  return () => stands.current;
}

function subscribeToVisibility(changed: () => void): () => void {
  document.addEventListener('visibilitychange', changed);
  return () => document.removeEventListener('visibilitychange', changed);
}
