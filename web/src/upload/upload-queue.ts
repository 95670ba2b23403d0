import { messageOf } from '../api/problem.ts';
import type { PageClock } from '../shared/clock.ts';
import { Paused, type SendFile, type SendStage, type Sent } from './send-file.ts';
import { addSample, type Sample } from './transfer-speed.ts';

/** More at once would only share the same line, and make each of them later. */
const MOST_AT_ONCE = 2;

export type UploadPhase =
  | { readonly state: 'waiting' }
  | { readonly state: 'sending'; readonly stage: SendStage; readonly samples: readonly Sample[] }
  | { readonly state: 'paused' }
  | { readonly state: 'done'; readonly answer: Sent }
  | { readonly state: 'failed'; readonly message: string };

export type QueuedUpload = { readonly key: number; readonly file: File; readonly phase: UploadPhase };

export type UploadQueue = {
  add(files: readonly File[]): void;
  /** Takes an upload out of the queue, breaking off its transfer. */
  remove(key: number): void;
  /** Breaks the transfer off and keeps what was sent. */
  pause(key: number): void;
  /** Sends what is paused or failed. */
  resume(key: number): void;
  /** Forgets what is done or failed. */
  clear(): void;
  /** The uploads in the order they were added; a new array after each change. */
  list(): readonly QueuedUpload[];
  subscribe(changed: () => void): () => void;
};

type Deps = {
  readonly send: SendFile;
  /** Has the server forget what was sent of a file. */
  readonly discard: (file: File) => Promise<void>;
  readonly clock: PageClock;
};

/** Lives as long as the page's window, so that moving between our pages does not end an upload. */
export function createUploadQueue({ send, discard, clock }: Deps): UploadQueue {
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
    let stage: SendStage = 'sending';
    let samples: readonly Sample[] = [{ atMs: clock.nowMs(), bytes: 0 }];
    const show = (): void => setPhase(key, { state: 'sending', stage, samples });
    show();
    // What an earlier transfer had sent is no speed of this one, so every stage counts from its own beginning.
    const onStage = (next: SendStage, bytes: number): void => {
      stage = next;
      samples = [{ atMs: clock.nowMs(), bytes: next === 'offline' ? (samples.at(-1)?.bytes ?? 0) : bytes }];
      show();
    };
    const onBytes = (bytes: number): void => {
      samples = addSample(samples, { atMs: clock.nowMs(), bytes });
      show();
    };
    const phase = await outcomeOf(send(file, { onStage, onBytes, signal: controller.signal }));
    running.delete(key);
    setPhase(key, phase);
    startWaiting();
  }

  return {
    add(files) {
      const fresh = files.filter(
        (file) => !uploads.some((upload) => isUnfinished(upload) && isSame(upload.file, file)),
      );
      change([...uploads, ...fresh.map((file) => ({ key: ++lastKey, file, phase: { state: 'waiting' as const } }))]);
      startWaiting();
    },
    remove(key) {
      const upload = uploads.find((known) => known.key === key);
      change(uploads.filter((known) => known !== upload));
      if (running.has(key)) running.get(key)?.abort();
      // Where the server cannot be reached it removes what is left alone by itself, in a day.
      else if (upload && upload.phase.state !== 'done') discard(upload.file).catch(() => undefined);
    },
    pause(key) {
      const isUnderWay = running.has(key);
      running.get(key)?.abort(new Paused());
      if (!isUnderWay) setPhase(key, { state: 'paused' });
    },
    resume(key) {
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
  phase.state === 'waiting' || phase.state === 'sending' || phase.state === 'paused';

/** Two transfers of one file would only take the upload from one another. */
const isSame = (one: File, other: File): boolean =>
  one.name === other.name && one.size === other.size && one.lastModified === other.lastModified;

async function outcomeOf(transfer: Promise<Sent>): Promise<UploadPhase> {
  try {
    return { state: 'done', answer: await transfer };
  } catch (error) {
    if (error instanceof Paused) return { state: 'paused' };
    return { state: 'failed', message: messageOf(error) };
  }
}
