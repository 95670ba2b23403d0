import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { downloadTracks, type PublishedWork } from '../../domain/download.ts';
import { DomainError } from '../../domain/errors.ts';
import type { VideoId } from '../../domain/ids.ts';
import type { LogEvent } from '../../domain/log-events.ts';
import { offerOf } from '../../domain/offer.ts';
import type { ObjectStore } from '../../domain/ports.ts';
import type { StoredRendition } from '../../domain/tasks.ts';
import { Coalescer } from '../../lib/coalesce.ts';
import { Gate } from '../../lib/gate.ts';
import type { Log } from '../../lib/log.ts';
import { progressiveHead } from '../../lib/mp4/progressive.ts';
import { indexRendition, type OfGeneration, type SampleRun } from './index-rendition.ts';

/** A file that is put together from stored segments while it is sent. */
export type Download = {
  /** All that stands before the samples. */
  readonly head: Buffer;
  readonly runs: readonly SampleRun[];
  readonly sizeBytes: number;
  /** In quotes. */
  readonly etag: string;
};

export type PrepareDeps = {
  readonly store: Pick<ObjectStore, 'read'>;
  readonly published: PublishedWork;
  readonly log: Log<LogEvent>;
};

export type PrepareDownload = (videoId: VideoId, rendition: string) => Promise<Download>;

/** Heads of a few films of two hours: whoever seeks or resumes asks many times for the same one. */
const MAX_CACHE_BYTES = 64 * 1024 * 1024;
const BYTES_PER_RUN = 100;
/** Preparing takes memory in step with the length of the video. */
const MAX_AT_ONCE = 2;
const WAIT_MS = 10_000;
/** A day of video is 40 000 reads of a few kilobytes. */
const DEADLINE_MS = 120_000;

/** @returns what finds the file of a published rendition. @throws DomainError no_such_download, too_many_downloads, store_unavailable */
export function downloadPreparer({ store, published, log }: PrepareDeps): PrepareDownload {
  const gate = new Gate({ max: MAX_AT_ONCE, waitMs: WAIT_MS });
  const underWay = new Coalescer<Download>();
  const prepared = new LRUCache<string, Download>({
    maxSize: MAX_CACHE_BYTES,
    sizeCalculation: ({ head, runs }) => head.length + runs.length * BYTES_PER_RUN,
  });

  return async (videoId, rendition) => {
    const work = await published.find(videoId);
    const tracks = work && downloadTracks(offerOf(work.generation, work.plan, work.renditions), rendition);
    if (!tracks) throw new DomainError('no_such_download');
    const of = { videoId, generation: work.generation };
    const name = `${videoId}/${work.generation}/${rendition}`;
    return prepared.get(name) ?? underWay.run(name, () => prepare(name, of, tracks)).value;
  };

  async function prepare(name: string, of: OfGeneration, tracks: readonly StoredRendition[]): Promise<Download> {
    const leave = await gate.enter();
    if (!leave) throw new DomainError('too_many_downloads');
    try {
      const download = await makeDownload(of, tracks, { store, signal: AbortSignal.timeout(DEADLINE_MS) });
      prepared.set(name, download);
      log.info('download_prepared', { ...of, rendition: tracks[0]?.rendition, bytes: download.sizeBytes });
      return download;
    } finally {
      leave();
    }
  }
}

/** Sound and picture lie beside one another, segment by segment. */
async function makeDownload(
  of: OfGeneration,
  made: readonly StoredRendition[],
  deps: Parameters<typeof indexRendition>[2],
): Promise<Download> {
  const tracks = await Promise.all(made.map((one) => indexRendition(of, one, deps)));
  const segments = Math.max(...tracks.map(({ runs }) => runs.length));
  const chunks = Array.from({ length: segments }, (_, segment) =>
    tracks.flatMap(({ runs }, track) => (runs[segment] ?? []).map((run) => ({ ...run, track }))),
  ).flat();
  const head = progressiveHead(tracks, chunks);
  const runs = chunks.map(({ key, first, sizeBytes }) => ({ key, first, sizeBytes }));
  const sizeBytes = runs.reduce((sum, run) => sum + run.sizeBytes, head.length);
  // What a segment holds never changes within a generation; the head says how it is put together.
  const sha256 = createHash('sha256').update(`${of.videoId}/${of.generation}/`).update(head).digest('base64url');
  return { head, runs, sizeBytes, etag: `"${sha256}"` };
}
