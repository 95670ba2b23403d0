import { DomainError } from '../../domain/errors.ts';
import type { Ingest, IngestRecords } from '../../domain/ingest-records.ts';
import { offsetOf, type Upload, type UploadRecords } from '../../domain/upload-records.ts';
import { type AppendDeps, appendToUpload, type Incoming } from '../tus/append-to-upload.ts';
import type { HeldUpload } from '../upload-locks.ts';
import { type OpenDeps, openSource, type SourceAnswer, sourceAgent } from './open-source.ts';
import { steadyBytes } from './steady-bytes.ts';

export type FetchDeps = AppendDeps &
  OpenDeps & {
    readonly uploads: Pick<UploadRecords, 'find'>;
    readonly ingests: Pick<IngestRecords, 'startAnew'>;
  };

/**
 * One try: goes on behind the bytes that are stored where the source allows it, and begins anew where not. The bytes
 * go the way of every upload, so what came before a break is kept.
 */
export async function fetchSource(
  ingest: Ingest,
  held: HeldUpload,
  deps: FetchDeps,
  signal: AbortSignal,
): Promise<void> {
  const agent = sourceAgent(deps);
  try {
    const upload = await found(ingest, deps);
    const answer = await openSource(ingest.url, rangeHeaders(ingest, upload), agent, deps, signal);
    const isWhole = await receive(ingest, upload, answer, held, deps, signal);
    if (!isWhole) await finish(await found(ingest, deps), held, deps);
  } finally {
    await agent.destroy();
  }
}

async function found({ uploadId }: Ingest, { uploads }: FetchDeps): Promise<Upload> {
  const upload = await uploads.find(uploadId);
  if (!upload) throw new DomainError('upload_lock_lost');
  return upload;
}

/** Without a validator nobody could say whether the rest belongs to what is stored. */
function rangeHeaders({ validator }: Ingest, upload: Upload): Record<string, string> {
  const offset = offsetOf(upload);
  if (offset === 0 || validator === null) return {};
  return { range: `bytes=${offset}-`, 'if-range': validator };
}

/** @returns whether the upload was finished; false where the source never told its size, and ended now. */
async function receive(
  ingest: Ingest,
  upload: Upload,
  answer: SourceAnswer,
  held: HeldUpload,
  deps: FetchDeps,
  signal: AbortSignal,
): Promise<boolean> {
  const offset = offsetOf(upload);
  if (isEnd(answer, offset)) return false;
  const { sizeBytes, from } = sizeOf(answer);
  if (from > 0 && from !== offset) throw new DomainError('url_bad_answer', 'The source sent another range than asked.');
  if (sizeBytes !== undefined && sizeBytes > deps.maxBytes) throw new DomainError('upload_too_large');
  const isFresh = from === 0;
  if (isFresh) await deps.ingests.startAnew(held.grant, validatorOf(answer.headers));
  const current = isFresh ? await found(ingest, deps) : upload;
  const bytes = steadyBytes(answer.body, { idleMs: deps.idleMs, signal });
  await append(current, { bytes, declaredBytes: sizeBytes }, held, deps);
  return sizeBytes !== undefined;
}

/** All bytes are here and no answer had told how many there would be. */
async function finish(upload: Upload, held: HeldUpload, deps: FetchDeps): Promise<void> {
  await append(upload, { bytes: noBytes(), declaredBytes: offsetOf(upload) }, held, deps);
}

/**
 * An answer that is complete may still be less than was asked for (RFC 9110, section 15.3.7).
 * @throws DomainError upload_incomplete where the whole is known to be more than is here now
 */
async function append(
  upload: Upload,
  incoming: Pick<Incoming, 'bytes' | 'declaredBytes'>,
  held: HeldUpload,
  deps: FetchDeps,
): Promise<void> {
  const { offset } = await appendToUpload(upload, { ...incoming, checksum: undefined }, held, deps);
  const wholeBytes = upload.sizeBytes ?? incoming.declaredBytes ?? offset;
  if (offset !== wholeBytes)
    throw new DomainError('upload_incomplete', `The source sent only ${offset} of ${wholeBytes} bytes.`);
}

async function* noBytes(): AsyncGenerator<Uint8Array> {}

/** 416 with the size that we have: a try before got all of it, and died before it could say so. */
const isEnd = ({ status, headers }: SourceAnswer, offset: number): boolean =>
  status === 416 && headers.get('content-range') === `bytes */${offset}`;

/** @throws DomainError url_bad_answer, upload_incomplete (worth another try) */
function sizeOf({ status, headers }: SourceAnswer): { sizeBytes: number | undefined; from: number } {
  const encoding = headers.get('content-encoding') ?? 'identity';
  if (encoding !== 'identity') throw new DomainError('url_bad_answer', `The source sends its bytes as ${encoding}.`);
  if (status === 200) {
    const length = headers.get('content-length');
    return { sizeBytes: length === null ? undefined : Number(length), from: 0 };
  }
  if (status === 206) {
    const [, first, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get('content-range') ?? '') ?? [];
    if (first === undefined) throw new DomainError('url_bad_answer', 'The source sent a part and did not say which.');
    return { sizeBytes: total === '*' ? undefined : Number(total), from: Number(first) };
  }
  if (isPassing(status)) throw new DomainError('upload_incomplete', `The source answers ${status}.`);
  throw new DomainError('url_bad_answer', `The source answers ${status}.`);
}

/** 416 comes where the source has become shorter; the next try sees a source that changed. */
const isPassing = (status: number): boolean => status >= 500 || [408, 425, 429].includes(status);

/** RFC 9110, section 13.1.5: a weak tag is no validator for ranges. */
function validatorOf(headers: Headers): string | null {
  const etag = headers.get('etag');
  if (etag?.startsWith('"')) return etag;
  return headers.get('last-modified');
}
