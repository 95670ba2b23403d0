import { useEffect, useRef } from 'react';
import { type Polling, type PollingOptions, startPolling } from './start-polling.ts';

type Options<T> = Pick<PollingOptions<T>, 'load' | 'isLive' | 'isTold' | 'onAnswer' | 'onFailure'>;

/** Polls while the component stands; starts anew when the subject changes. Answers with the way to ask at once. */
export function usePolling<T>(subject: string, options: Options<T>): () => void {
  const latest = useRef(options);
  const polling = useRef<Polling>(undefined);
  useEffect(() => {
    latest.current = options;
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: another subject is another thing to ask for.
  useEffect(() => {
    const started = startPolling<T>({
      load: (signal) => latest.current.load(signal),
      isLive: (answer) => latest.current.isLive(answer),
      isTold: () => latest.current.isTold(),
      onAnswer: (answer) => latest.current.onAnswer(answer),
      onFailure: (error) => latest.current.onFailure(error),
      isHidden: () => document.hidden,
      after: callAfter,
    });
    polling.current = started;
    const forget = refreshWhenBack(started.refresh);
    return () => {
      forget();
      started.stop();
    };
  }, [subject]);
  return refreshOf(polling);
}

const refreshOf = (polling: { readonly current: Polling | undefined }) => () => polling.current?.refresh();

function callAfter(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, ms);
  return () => clearTimeout(timer);
}

/** What was learnt before the tab was hidden or the network went away is old. */
function refreshWhenBack(refresh: () => void): () => void {
  const whenVisible = (): void => {
    if (!document.hidden) refresh();
  };
  document.addEventListener('visibilitychange', whenVisible);
  window.addEventListener('online', refresh);
  return () => {
    document.removeEventListener('visibilitychange', whenVisible);
    window.removeEventListener('online', refresh);
  };
}
