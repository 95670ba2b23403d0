import { useEffect, useState } from 'react';
import { defaultOptions, Upload } from 'tus-js-client';
import type { PageClock } from '../shared/clock.ts';
import { type InterruptedUpload, interruptedOf, transferName } from './interrupted-of.ts';
import { lockedTransfers } from './transfer-locks.ts';
import { isUnfinished, type QueuedUpload } from './upload-queue.ts';

const { urlStorage } = defaultOptions;

export type InterruptedView = {
  readonly interrupted: readonly InterruptedUpload[];
  /** The server and the browser forget it. */
  forget(upload: InterruptedUpload): Promise<void>;
};

/** What the browser remembers of uploads that no window goes on with. */
export function useInterrupted(uploads: readonly QueuedUpload[], clock: PageClock): InterruptedView {
  const [interrupted, setInterrupted] = useState<readonly InterruptedUpload[]>([]);
  const [looks, setLooks] = useState(0);
  const own = uploads.filter(isUnfinished).map(({ file }) => transferName(file));
  const states = uploads.map(({ key, phase }) => `${key} ${phase.state}`).join();

  // biome-ignore lint/correctness/useExhaustiveDependencies: looks when an upload has changed, or was asked to.
  useEffect(() => {
    let isOver = false;
    void findInterrupted(own, clock).then((found) => isOver || setInterrupted(found));
    return () => {
      isOver = true;
    };
  }, [states, looks]);
  useEffect(() => {
    const look = (): void => setLooks((before) => before + 1);
    const listening = new AbortController();
    // Another window has begun or ended an upload, or was closed meanwhile.
    for (const event of ['storage', 'focus']) window.addEventListener(event, look, { signal: listening.signal });
    return () => listening.abort();
  }, []);

  return {
    interrupted,
    forget: async ({ key, url }) => {
      // Where the server cannot be reached, or has forgotten it, nothing is left to do.
      if (url !== null) await Upload.terminate(url, { retryDelays: null }).catch(() => undefined);
      await urlStorage.removeUpload(key);
      setLooks((before) => before + 1);
    },
  };
}

async function findInterrupted(own: readonly string[], clock: PageClock): Promise<readonly InterruptedUpload[]> {
  const [stored, locked] = await Promise.all([urlStorage.findAllUploads(), lockedTransfers()]);
  return interruptedOf(stored, new Set([...own, ...locked]), clock.nowMs());
}
