import { createHash } from 'node:crypto';
import type { GrowthRecords } from '../domain/growth.ts';
import type { JobId } from '../domain/ids.ts';
import type { JobRecords } from '../domain/job-records.ts';
import type { LogEvent } from '../domain/log-events.ts';
import { initKey, segmentKey, videoPrefix } from '../domain/object-keys.ts';
import { type AudioOffer, IncompleteError, type Offer, offerOf, type VideoOffer } from '../domain/offer.ts';
import type { ObjectStore } from '../domain/ports.ts';
import type { LentTask, StoredRendition } from '../domain/tasks.ts';
import type { RenditionResource } from '../domain/video-resource.ts';
import type { Log } from '../lib/log.ts';
import { pause } from '../lib/pause.ts';
import { finalPlaylists, writePlaylists } from './playlist-files.ts';
import { restorePlaylists } from './restore-playlists.ts';
import { untilAnswered } from './until-answered.ts';

export type PublishDeps = {
  readonly store: Pick<ObjectStore, 'put' | 'head' | 'read' | 'deletePrefix'>;
  readonly records: Pick<JobRecords, 'finishedWork' | 'renew' | 'completePublish' | 'isDeleted'>;
  readonly growth: Pick<GrowthRecords, 'remainingMs' | 'lookAgain'>;
  readonly log: Log<LogEvent>;
};

/**
 * Makes a video visible: holds everything against the plan and the store, writes the playlists of the renditions, and
 * last the two that players start from. Doing it twice writes the same again.
 * @param signal ends it between two steps: the lease is lost, or this orchestrator stops.
 * @throws IncompleteError when something is missing; nothing was written then.
 */
export async function publishVideo(task: LentTask, deps: PublishDeps, signal: AbortSignal): Promise<void> {
  const { videoId, jobId } = task;
  const { generation } = task.spec;
  const { plan, renditions, captions } = await deps.records.finishedWork(jobId);
  const offer = offerOf(generation, plan, renditions);
  const made = [...offer.video, ...offer.audio].map((rendition) => rendition.made);
  await inBatches(made.flatMap(checksOf(task, deps.store, signal)), signal);
  await untilNobodyGrows(jobId, deps.growth, signal);
  const files = finalPlaylists(videoId, offer, captions);
  const untold = { signal, log: deps.log };
  // Cancelled in all that time, or somebody else's by now, it must not become visible.
  await untilAnswered(() => deps.records.renew(task), untold);
  try {
    await writePlaylists(files, deps.store, signal);
    await untilAnswered(() => deps.records.completePublish(task, resourcesOf(offer)), untold);
  } catch (error) {
    await untilAnswered(() => takeBack(task, deps), untold);
    throw error;
  }
  // Whoever grew it and was frozen in the middle of a write may have finished that write just now.
  await restorePlaylists(videoId, files, deps);
  deps.log.info('video_published', { videoId, jobId, generation, renditions: made.map((r) => r.rendition) });
}

const LOOK_EVERY_MS = 50;
/** Nobody begins to grow it any more, so it lasts for one lease on growth at most, and mostly for no time at all. */
const GROWN_DEADLINE_MS = 30_000;

async function untilNobodyGrows(jobId: JobId, growth: PublishDeps['growth'], signal: AbortSignal): Promise<void> {
  const enough = AbortSignal.any([signal, AbortSignal.timeout(GROWN_DEADLINE_MS)]);
  while ((await growth.remainingMs(jobId)) > 0) {
    enough.throwIfAborted();
    await pause(LOOK_EVERY_MS, enough);
  }
}

/**
 * The transaction that settles has the last word, and may say no after all was written: the video was deleted, or the
 * task taken back. An object store cannot compare tokens.
 */
async function takeBack({ videoId, jobId }: LentTask, { records, store, growth }: PublishDeps): Promise<void> {
  if (await records.isDeleted(videoId)) await store.deletePrefix(videoPrefix({ videoId }));
  else await growth.lookAgain(jobId);
}

const CHECKS_AT_ONCE = 16;

async function inBatches(checks: (() => Promise<void>)[], signal: AbortSignal): Promise<void> {
  for (let i = 0; i < checks.length; i += CHECKS_AT_ONCE) {
    signal.throwIfAborted();
    await Promise.all(checks.slice(i, i + CHECKS_AT_ONCE).map((check) => check()));
  }
}

/** Every segment must stand in the store with the size that was reported, and the init with its digest. */
const checksOf =
  ({ videoId, spec }: LentTask, store: PublishDeps['store'], signal: AbortSignal) =>
  ({ rendition, segments, initSha256 }: StoredRendition): (() => Promise<void>)[] => {
    const of = { videoId, generation: spec.generation, rendition };
    const initCheck = async (): Promise<void> => {
      const init = await store.read(initKey(of), { signal });
      const sha256 = init && createHash('sha256').update(init.bytes).digest('hex');
      if (sha256 !== initSha256) throw new IncompleteError(`${initKey(of)} is not the registered one`);
    };
    const segmentChecks = segments.map(({ segment, sizeBytes }) => async (): Promise<void> => {
      const key = segmentKey({ ...of, segment });
      const info = await store.head(key, { signal });
      if (info?.sizeBytes !== sizeBytes)
        throw new IncompleteError(`${key} has ${info?.sizeBytes ?? 'no'} bytes, ${sizeBytes} were stored`);
    });
    return [initCheck, ...segmentChecks];
  };

const resourcesOf = (offer: Offer): RenditionResource[] => [...offer.video.map(ofVideo), ...offer.audio.map(ofAudio)];

const ofVideo = ({ rung, frameRate, made, bandwidth }: VideoOffer): RenditionResource => ({
  name: rung.rendition,
  kind: 'video',
  codec: made.codec,
  widthPx: rung.widthPx,
  heightPx: rung.heightPx,
  frameRate: frameRate.numerator / frameRate.denominator,
  bandwidthBps: bandwidth.peakBps,
  averageBandwidthBps: bandwidth.averageBps,
});

const ofAudio = ({ plan, made, bandwidth }: AudioOffer): RenditionResource => ({
  name: plan.rendition,
  kind: 'audio',
  codec: made.codec,
  widthPx: null,
  heightPx: null,
  frameRate: null,
  bandwidthBps: bandwidth.peakBps,
  averageBandwidthBps: bandwidth.averageBps,
});
