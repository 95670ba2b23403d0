import { type DetailedError, type HttpResponse, Upload } from 'tus-js-client';
import { parseProblem, Unreachable } from '../api/problem.ts';
import { hashFile } from './hash-file.ts';

/** What a transfer does: looking whether the server knows the file, sending it, or waiting for a server that is gone. */
export type SendStage = 'hashing' | 'sending' | 'offline';
export type SendOptions = {
  /** A stage begins with so many bytes done. */
  readonly onStage: (stage: SendStage, bytes: number) => void;
  readonly onBytes: (bytes: number) => void;
  /** Aborted with `Paused` it keeps what was sent, and otherwise the server forgets it. */
  readonly signal: AbortSignal;
};
export type Sent = { readonly id: string; readonly created: boolean };

/** The one ability that the queue needs; another protocol takes its place by being another such function. */
export type SendFile = (file: File, options: SendOptions) => Promise<Sent>;

export class Paused extends Error {}

const ENDPOINT = '/uploads';
/** About half an hour without a byte, so that a lost network or a restarted server is waited for. */
const RETRY_DELAYS_MS = [500, 1000, 2000, 4000, 8000, ...Array.from({ length: 120 }, () => 15_000)];
/** Without a byte sent, or an answer after the last one, for this long, the connection is dead. */
const STALL_DEADLINE_MS = 120_000;
/**
 * Up to this size a file is hashed first (seconds, at some hundred MB/s), and a known one needs no transfer. A larger one
 * is sent at once: the server finds the same out at the end, and nobody waits minutes for a file that is most likely new.
 */
const HASH_FIRST_BYTES = 4 * 1024 ** 3;

/** Sends a file by tus, going on with an earlier transfer of the same file, also one from before a reload. */
export async function sendFile(file: File, options: SendOptions): Promise<Sent> {
  options.signal.throwIfAborted();
  const [earlier] = await new Upload(file, { endpoint: ENDPOINT }).findPreviousUploads();
  // A browser has WebCrypto only on https and localhost.
  const canHash = globalThis.crypto.subtle !== undefined && file.size <= HASH_FIRST_BYTES && file.size > 0;
  const contentId = !earlier && canHash ? await hashStage(file, options) : undefined;
  options.signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<Sent>();
  const { onStage, onBytes, signal } = options;
  let firstId: string | undefined;
  const stall = stallTimer(() => {
    onStage('offline', 0);
    void upload.abort().then(() => signal.aborted || upload.start(), reject);
  });
  const upload = new Upload(file, {
    endpoint: ENDPOINT,
    retryDelays: RETRY_DELAYS_MS,
    removeFingerprintOnSuccess: true,
    metadata: { filename: file.name, filetype: file.type, ...(contentId === undefined ? {} : { contentId }) },
    onBeforeRequest: (request) => {
      stall.restart();
      const offset = request.getHeader('Upload-Offset');
      if (offset !== undefined) onStage('sending', Number(offset));
    },
    onAfterResponse: (request, response) => {
      firstId ??= response.getHeader('Millrace-Video-Id');
      const isKnown = request.getMethod() === 'POST' && Number(response.getHeader('Upload-Offset')) === file.size;
      if (!isKnown || firstId === undefined) return;
      // The client would send from 0 whatever the answer says; and there is nothing to come back to.
      upload.options.storeFingerprintForResuming = false;
      resolve({ id: firstId, created: false });
      return upload.abort();
    },
    onProgress: (bytes) => {
      stall.restart();
      onBytes(bytes);
    },
    onShouldRetry: (error) => {
      if (!isPassing(error)) return false;
      stall.stop();
      onStage('offline', 0);
      return true;
    },
    onSuccess: ({ lastResponse }) => resolve(outcomeOf(lastResponse, firstId)),
    onError: (error) => reject(problemOf(error as DetailedError)),
  });
  const onAbort = (): void => {
    reject(signal.reason);
    // A server that cannot be reached removes what is left alone by itself, in a day.
    upload.abort(!(signal.reason instanceof Paused)).catch(() => undefined);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  if (earlier) upload.resumeFromPreviousUpload(earlier);
  upload.start();
  return promise.finally(() => {
    stall.stop();
    signal.removeEventListener('abort', onAbort);
  });
}

/** Whether this file is the one of an earlier transfer: name, type, size and time of change are as they were then. */
export async function isFileOf(file: File, storageKey: string): Promise<boolean> {
  const earlier = await new Upload(file, { endpoint: ENDPOINT }).findPreviousUploads();
  return earlier.some(({ urlStorageKey }) => urlStorageKey === storageKey);
}

/** Tells the server to forget what was sent of a file that is paused. */
export async function discardFile(file: File): Promise<void> {
  const upload = new Upload(file, { endpoint: ENDPOINT, retryDelays: null });
  const [earlier] = await upload.findPreviousUploads();
  if (!earlier) return;
  upload.resumeFromPreviousUpload(earlier);
  await upload.abort(true);
}

function hashStage(file: File, { onStage, onBytes, signal }: SendOptions): Promise<string> {
  onStage('hashing', 0);
  return hashFile(file, { onHashed: onBytes, signal });
}

/** The bytes may turn out, at the end, to be a video that is there already. */
function outcomeOf(last: HttpResponse, firstId: string | undefined): Sent {
  const id = last.getHeader('Millrace-Video-Id') ?? firstId;
  if (id === undefined) throw new Unreachable();
  return { id, created: firstId === undefined || id === firstId };
}

/** No answer, or one that says to come again. */
function isPassing({ originalResponse }: DetailedError): boolean {
  const status = originalResponse?.getStatus() ?? 0;
  return status === 0 || status >= 500 || status === 409 || status === 423;
}

function problemOf({ originalResponse }: DetailedError): Error {
  const status = originalResponse?.getStatus() ?? 0;
  return status === 0 ? new Unreachable() : parseProblem(status, originalResponse?.getBody() ?? '');
}

function stallTimer(onStall: () => void): { restart: () => void; stop: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = (): void => clearTimeout(timer);
  return {
    restart: () => {
      stop();
      timer = setTimeout(onStall, STALL_DEADLINE_MS);
    },
    stop,
  };
}
