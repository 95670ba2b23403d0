import { useSyncExternalStore } from 'react';

/** `popstate` is not fired by `pushState`, so a move inside the page is told with an event of our own. */
const MOVED = 'millrace:moved';

/** Moves to another of our pages without a load, so that running uploads go on. */
export function moveTo(path: string): void {
  history.pushState(null, '', path);
  window.dispatchEvent(new Event(MOVED));
  window.scrollTo(0, 0);
}

/** Puts another address in place of this one: what changes with every letter typed is no step to go back to. */
export function replacePath(path: string): void {
  history.replaceState(null, '', path);
  window.dispatchEvent(new Event(MOVED));
}

export const useLocation = (): URL => new URL(useSyncExternalStore(subscribe, () => window.location.href));

function subscribe(changed: () => void): () => void {
  window.addEventListener('popstate', changed);
  window.addEventListener(MOVED, changed);
  return () => {
    window.removeEventListener('popstate', changed);
    window.removeEventListener(MOVED, changed);
  };
}
