import type { UploadAnswer } from '../../../src/domain/video-resource.ts';
import { messageOf } from '../api/problem.ts';
import type { PageClock } from '../shared/clock.ts';
import type { SendFile } from './send-file.ts';
import { addSample, type Sample } from './transfer-speed.ts';

/** More at once would only share the same line, and make each of them later. */
const MOST_AT_ONCE = 2;

export type UploadPhase =
  | { readonly state: 'waiting' }
  | { readonly state: 'sending'; readonly samples: readonly Sample[] }
  | { readonly state: 'done'; readonly answer: UploadAnswer }
  | { readonly state: 'failed'; readonly message: string };

export type QueuedUpload = { readonly key: number; readonly file: File; readonly phase: UploadPhase };

export type UploadQueue = {
  add(files: readonly File[]): void;
  /** Takes an upload out of the queue, breaking off its transfer. */
  remove(key: number): void;
  retry(key: number): void;
  /** Forgets what is done or failed. */
  clear(): void;
  /** The uploads in the order they were added; a new array after each change. */
  list(): readonly QueuedUpload[];
  subscribe(changed: () => void): () => void;
};

type Deps = { readonly send: SendFile; readonly clock: PageClock };

/** Lives as long as the page's window, so that moving between our pages does not end an upload. */
export function createUploadQueue({ send, clock }: Deps): UploadQueue {
  const listeners = new Set<() => void>();
  const running = new Map<number, AbortController>();
  let uploads: readonly QueuedUpload[] = [];
  let lastKey = 0;

  function change(next: readonly QueuedUpload[]): void {
    uploads = next;
    for (const listener of listeners) listener();
  }

  const setPhase = (key: number, phase: UploadPhase): void =>
    change(uploads.map((upload) => (upload.key === key ? { ...upload, phase } : upload)));

  function startWaiting(): void {
    const free = MOST_AT_ONCE - running.size;
    for (const upload of uploads.filter(isWaiting).slice(0, free)) void run(upload);
  }

  async function run({ key, file }: QueuedUpload): Promise<void> {
    const controller = new AbortController();
    running.set(key, controller);
    let samples: readonly Sample[] = [{ atMs: clock.nowMs(), bytes: 0 }];
    setPhase(key, { state: 'sending', samples });
    const onSent = (bytes: number): void => {
      samples = addSample(samples, { atMs: clock.nowMs(), bytes });
      setPhase(key, { state: 'sending', samples });
    };
    const phase = await outcomeOf(send(file, { onSent, signal: controller.signal }));
    running.delete(key);
    setPhase(key, phase);
    startWaiting();
  }

  return {
    add(files) {
      change([...uploads, ...files.map((file) => ({ key: ++lastKey, file, phase: { state: 'waiting' as const } }))]);
      startWaiting();
    },
    remove(key) {
      change(uploads.filter((upload) => upload.key !== key));
      running.get(key)?.abort();
    },
    retry(key) {
      if (running.has(key)) return;
      setPhase(key, { state: 'waiting' });
      startWaiting();
    },
    clear: () => change(uploads.filter(isUnfinished)),
    list: () => uploads,
    subscribe(changed) {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
  };
}

const isWaiting = ({ phase }: QueuedUpload): boolean => phase.state === 'waiting';

export const isUnfinished = ({ phase }: QueuedUpload): boolean =>
  phase.state === 'waiting' || phase.state === 'sending';

async function outcomeOf(transfer: Promise<UploadAnswer>): Promise<UploadPhase> {
  try {
    return { state: 'done', answer: await transfer };
  } catch (error) {
    return { state: 'failed', message: messageOf(error) };
  }
}
