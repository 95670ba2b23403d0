import { createHash } from 'node:crypto';
import type { VideoId } from '../domain/ids.ts';
import type { LogEvent } from '../domain/log-events.ts';
import { initKey, type ObjectKey, segmentKey } from '../domain/object-keys.ts';
import type { Clock, ObjectStore } from '../domain/ports.ts';
import type { StoredRendition, StoredSegment } from '../domain/tasks.ts';
import type { Log } from '../lib/log.ts';
import { keyframesIn } from '../lib/mp4/keyframes.ts';
import { readTrack } from '../lib/mp4/track.ts';
import type { InitPiece, MediaPiece, SegmentPiece } from './media-pieces.ts';
import { NOTHING_STANDS, type Standing } from './standing-segments.ts';
import { ToolError } from './task-error.ts';

export type RenditionOf = {
  readonly videoId: VideoId;
  readonly generation: number;
  readonly rendition: string;
  readonly initType: 'video/mp4' | 'audio/mp4';
};

export type StoreDeps = {
  readonly store: Pick<ObjectStore, 'put' | 'putIfAbsent' | 'read' | 'head' | 'list'>;
  readonly log: Log<LogEvent>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Told of segments as soon as they stand in the store; also of those that stood there already. */
  readonly onStored?: (stored: StoredRendition) => void;
};

const SEGMENT_TYPE = 'video/iso.segment';
/** Segments of one rendition on their way to the store at once; beyond that ffmpeg waits. */
const MAX_PUTS = 2;

/**
 * Stores the pieces of one rendition as they come, each once. What stands there already was validated too, and is
 * reported with the rest; what was found to be wrong is replaced.
 */
export async function storeRendition(
  pieces: AsyncIterable<MediaPiece>,
  of: RenditionOf,
  deps: StoreDeps,
  standing: Standing = NOTHING_STANDS,
): Promise<StoredRendition> {
  let init: InitPiece | undefined;
  const segments = new Map(standing.segments.map((kept) => [kept.segment, kept]));
  const puts = new Set<Promise<void>>();
  const tell = (stored: readonly StoredSegment[]): void => {
    if (init && stored.length > 0) deps.onStored?.(describeRendition(of.rendition, init, stored));
  };
  try {
    for await (const piece of pieces) {
      if (piece.kind === 'init') {
        await storeInit(piece, of, deps);
        init = piece;
        tell(standing.segments);
        continue;
      }
      if (segments.has(piece.segment)) continue;
      if (puts.size >= MAX_PUTS) await Promise.race(puts);
      const put = storeSegment(piece, of, deps, standing).then((stored) => {
        segments.set(stored.segment, stored);
        tell([stored]);
        puts.delete(put);
      });
      puts.add(put);
      // A failed one stays in the set and is thrown by the next race, or at the end.
      put.catch(() => undefined);
    }
  } finally {
    await Promise.allSettled(puts);
  }
  await Promise.all(puts);
  if (!init) throw new ToolError('ffmpeg_output', `${of.rendition}: no init segment`);
  return describeRendition(of.rendition, init, [...segments.values()]);
}

/** What is reported of a rendition whose segments stand. */
export const describeRendition = (
  rendition: string,
  { bytes, track }: Pick<InitPiece, 'bytes' | 'track'>,
  segments: readonly StoredSegment[],
): StoredRendition => ({
  rendition,
  codec: track.codec,
  timescale: track.timescale,
  initSha256: createHash('sha256').update(bytes).digest('hex'),
  initSizeBytes: bytes.byteLength,
  segments: segments.toSorted((a, b) => a.segment - b.segment),
});

/** All chunks of a rendition play with one init, so another one's must be the same to the byte. */
async function storeInit({ bytes }: InitPiece, of: RenditionOf, { store, log, signal }: StoreDeps): Promise<void> {
  const key = initKey(of);
  const options = { contentType: of.initType, signal };
  if ((await store.putIfAbsent(key, bytes, options)) === 'stored') return;
  const found = await store.read(key, { signal });
  if (found && bytes.equals(found.bytes)) return;
  const reason = found && whyNoInit(found.bytes);
  if (reason === undefined) {
    throw new ToolError('init_differs', `${key} was written by another build of ffmpeg and differs`);
  }
  log.warn('segment_invalid', { rendition: of.rendition, key, reason });
  await store.put(key, bytes, options);
}

/** Undefined for an init: that it is another one is not for us to judge. */
function whyNoInit(bytes: Uint8Array): string | undefined {
  try {
    readTrack(Buffer.from(bytes));
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

async function storeSegment(
  piece: SegmentPiece,
  of: RenditionOf,
  { store, log, clock, signal }: StoreDeps,
  standing: Standing,
): Promise<StoredSegment> {
  const { segment, bytes, durationTicks, keyframes } = piece;
  const key = segmentKey({ ...of, segment });
  const options = { contentType: SEGMENT_TYPE, signal };
  const isWrong = standing.invalid.has(segment);
  const startedMs = clock.nowMs();
  const outcome = isWrong
    ? await store.put(key, bytes, options).then(() => 'replaced' as const)
    : await store.putIfAbsent(key, bytes, options);
  const found = outcome === 'exists' ? await standingBytes(key, store, signal) : bytes;
  const sizeBytes = found.length;
  const durationMs = clock.nowMs() - startedMs;
  log.info('segment_stored', { rendition: of.rendition, segment, bytes: sizeBytes, outcome, durationMs });
  return { segment, sizeBytes, durationTicks, ...(keyframes ? { keyframes: keyframesIn(found) } : {}) };
}

/** What another writer stored may differ from ours, and it is what is played. */
async function standingBytes(key: ObjectKey, store: StoreDeps['store'], signal: AbortSignal): Promise<Buffer> {
  const found = await store.read(key, { signal });
  // Only a removed generation loses segments; then this task is about to lose its lease.
  if (!found) throw new Error(`${key} vanished after it was found to exist`);
  return Buffer.from(found.bytes);
}
