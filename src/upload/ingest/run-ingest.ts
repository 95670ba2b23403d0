import { DomainError, type ErrorCode } from '../../domain/errors.ts';
import type { Ingest, IngestRecords } from '../../domain/ingest-records.ts';
import { uploadPrefix, videoPrefix } from '../../domain/object-keys.ts';
import { offsetOf, type UploadGrant, type UploadRecords } from '../../domain/upload-records.ts';
import { type BackoffOptions, backoffMs } from '../../lib/backoff.ts';
import type { HeldUpload, UploadLocks } from '../upload-locks.ts';
import { type FetchDeps, fetchSource } from './fetch-source.ts';

export type IngestDeps = FetchDeps & {
  readonly ingests: IngestRecords;
  readonly uploads: Pick<UploadRecords, 'find' | 'remove'>;
  readonly locks: Pick<UploadLocks, 'adopt'>;
  readonly random: () => number;
  readonly backoff: BackoffOptions;
};

/** Tries in a row that bring too little, before a source is given up. */
const MAX_FAILURES = 6;
/** A try that brought this much was worth it, and the count begins again; the deadline bounds it all. */
const PROGRESS_BYTES = 1024 * 1024;

/** What another try cannot change. */
const FINAL: readonly ErrorCode[] = [
  'url_refused',
  'url_bad_answer',
  'upload_too_large',
  'upload_too_long',
  'empty_upload',
];
/** Trouble of ours, which is not the source's fault. */
const OURS: readonly ErrorCode[] = ['store_unavailable', 'database_unavailable'];
/** setTimeout takes no more. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Fetches one source that is due, as far as it comes. The ingest is a row and its lock a lease, so that whatever ends
 * this process, another one goes on where the last stored byte was.
 * @returns whether there was one.
 */
export async function runIngest(deps: IngestDeps, stopping: AbortSignal): Promise<boolean> {
  const claimed = await deps.ingests.claim();
  if (!claimed) return false;
  const { ingest, grant } = claimed;
  const held = deps.locks.adopt(grant);
  let before = 0;
  try {
    before = await storedBytes(ingest, deps);
    await fetchInTime(ingest, held, deps, stopping);
    // Nobody asks for this upload by its id.
    await deps.uploads.remove(grant);
  } catch (error) {
    // The video was deleted, or another process works on it: it is no business of ours any more.
    const isOver = error instanceof DomainError && error.code === 'upload_lock_lost';
    if (!isOver && !stopping.aborted) await settle(ingest, grant, { error, before }, deps);
  } finally {
    await held.release();
  }
  return true;
}

async function fetchInTime(ingest: Ingest, held: HeldUpload, deps: IngestDeps, stopping: AbortSignal): Promise<void> {
  const { videoId, url, failures, remainingMs } = ingest;
  deps.log.info('ingest_started', { videoId, host: new URL(url).host, failures });
  if (remainingMs <= 0) throw new DomainError('url_unreachable', 'The source could not be fetched in time.');
  const inTime = AbortSignal.timeout(Math.min(Math.ceil(remainingMs), MAX_TIMER_MS));
  await fetchSource(ingest, held, deps, AbortSignal.any([held.signal, stopping, inTime]));
}

type Outcome = { readonly error: unknown; readonly before: number };

async function settle(ingest: Ingest, grant: UploadGrant, { error, before }: Outcome, deps: IngestDeps): Promise<void> {
  const code = error instanceof DomainError ? error.code : undefined;
  const isOurs = code !== undefined && OURS.includes(code);
  const failures = isOurs ? ingest.failures : await countFailure(ingest, before, deps);
  const reason = isOurs ? undefined : refusalOf(error, failures);
  if (reason) return giveUp(ingest, grant, reason, error, deps);
  const waitMs = Math.round(backoffMs(Math.max(failures, 1), deps.random, deps.backoff));
  deps.log.warn('ingest_postponed', { videoId: ingest.videoId, failures, waitMs, err: error });
  await deps.ingests.postpone(grant, { failures, waitMs });
}

async function countFailure(ingest: Ingest, before: number, deps: IngestDeps): Promise<number> {
  const brought = (await storedBytes(ingest, deps)) - before;
  return brought >= PROGRESS_BYTES ? 1 : ingest.failures + 1;
}

async function storedBytes({ uploadId }: Ingest, { uploads }: IngestDeps): Promise<number> {
  const upload = await uploads.find(uploadId);
  return upload ? offsetOf(upload) : 0;
}

/** The undici agent wraps nothing: a refused address arrives as the error that the lookup gave. */
function refusalOf(error: unknown, failures: number): DomainError | undefined {
  const coded = error instanceof DomainError ? error : undefined;
  if (coded && (FINAL.includes(coded.code) || coded.code === 'url_unreachable')) return coded;
  if (failures < MAX_FAILURES) return undefined;
  return new DomainError('url_unreachable', `The source cannot be fetched: ${reasonOf(error)}`, { cause: error });
}

/** For people: what went wrong, without an address of ours or a stack. */
function reasonOf(error: unknown): string {
  if (error instanceof DomainError) return error.message;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? (REASONS[code] ?? 'the connection failed.') : 'the connection failed.';
}

const REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name has no address.',
  EAI_AGAIN: 'its name cannot be looked up.',
  ECONNREFUSED: 'it refuses connections.',
  ECONNRESET: 'it closes the connection.',
  UND_ERR_CONNECT_TIMEOUT: 'it does not accept connections.',
  UND_ERR_HEADERS_TIMEOUT: 'it does not answer.',
};

/** First the row forgets the bytes, then they go: a crash in between leaves an ingest that fails once more. */
async function giveUp(
  ingest: Ingest,
  grant: UploadGrant,
  reason: DomainError,
  err: unknown,
  deps: IngestDeps,
): Promise<void> {
  await deps.ingests.startAnew(grant, null);
  await deps.store.deletePrefix(uploadPrefix(ingest));
  await deps.store.deletePrefix(videoPrefix(ingest));
  const { code, message } = reason;
  await deps.ingests.fail(grant, { code, message });
  deps.log.warn('ingest_failed', { videoId: ingest.videoId, code, err });
}
