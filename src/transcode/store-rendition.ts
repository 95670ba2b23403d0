import { createHash } from 'node:crypto';
import type { VideoId } from '../domain/ids.ts';
import type { LogEvent } from '../domain/log-events.ts';
import { initKey, segmentKey } from '../domain/object-keys.ts';
import type { ObjectStore } from '../domain/ports.ts';
import type { StoredRendition, StoredSegment } from '../domain/tasks.ts';
import type { Log } from '../lib/log.ts';
import type { InitPiece, MediaPiece, SegmentPiece } from './media-pieces.ts';
import { ToolError } from './task-error.ts';

export type RenditionOf = {
  readonly videoId: VideoId;
  readonly generation: number;
  readonly rendition: string;
  readonly initType: 'video/mp4' | 'audio/mp4';
};

export type StoreDeps = {
  readonly store: Pick<ObjectStore, 'putIfAbsent' | 'read' | 'head'>;
  readonly log: Log<LogEvent>;
  readonly signal: AbortSignal;
};

const SEGMENT_TYPE = 'video/iso.segment';
/** Segments of one rendition on their way to the store at once; beyond that ffmpeg waits. */
const MAX_PUTS = 2;

/** Stores the pieces of one rendition as they come, each once. What already stands there was validated too. */
export async function storeRendition(
  pieces: AsyncIterable<MediaPiece>,
  of: RenditionOf,
  deps: StoreDeps,
): Promise<StoredRendition> {
  let init: InitPiece | undefined;
  const segments: StoredSegment[] = [];
  const puts = new Set<Promise<void>>();
  try {
    for await (const piece of pieces) {
      if (piece.kind === 'init') {
        await storeInit(piece, of, deps);
        init = piece;
        continue;
      }
      if (puts.size >= MAX_PUTS) await Promise.race(puts);
      const put = storeSegment(piece, of, deps).then((stored) => {
        segments.push(stored);
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
  return {
    rendition: of.rendition,
    codec: init.track.codec,
    timescale: init.track.timescale,
    initSha256: createHash('sha256').update(init.bytes).digest('hex'),
    initSizeBytes: init.bytes.byteLength,
    segments: segments.toSorted((a, b) => a.segment - b.segment),
  };
}

/** All chunks of a rendition play with one init, so another one's must be the same to the byte. */
async function storeInit({ bytes }: InitPiece, of: RenditionOf, { store, signal }: StoreDeps): Promise<void> {
  const key = initKey(of);
  if ((await store.putIfAbsent(key, bytes, { contentType: of.initType, signal })) === 'stored') return;
  const standing = await store.read(key, { signal });
  if (standing && bytes.equals(standing.bytes)) return;
  throw new ToolError('init_differs', `${key} was written by another build of ffmpeg and differs`);
}

async function storeSegment(piece: SegmentPiece, of: RenditionOf, deps: StoreDeps): Promise<StoredSegment> {
  const { segment, bytes, durationTicks } = piece;
  const key = segmentKey({ ...of, segment });
  const outcome = await deps.store.putIfAbsent(key, bytes, { contentType: SEGMENT_TYPE, signal: deps.signal });
  const sizeBytes = outcome === 'stored' ? bytes.byteLength : await standingSize(piece, of, deps);
  deps.log.info('segment_stored', { rendition: of.rendition, segment, bytes: sizeBytes, outcome });
  return { segment, sizeBytes, durationTicks };
}

async function standingSize({ segment }: SegmentPiece, of: RenditionOf, { store, signal }: StoreDeps): Promise<number> {
  const key = segmentKey({ ...of, segment });
  const standing = await store.head(key, { signal });
  // Only a removed generation loses segments; then this task is about to lose its lease.
  if (!standing) throw new Error(`${key} vanished after it was found to exist`);
  return standing.sizeBytes;
}
