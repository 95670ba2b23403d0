import type { LRUCache } from 'lru-cache';
import { growingOffer, growingRenditions } from '../domain/growing-offer.ts';
import type { GrowthClaim, GrowthRecords } from '../domain/growth.ts';
import type { JobRecords } from '../domain/job-records.ts';
import type { LogEvent } from '../domain/log-events.ts';
import { initKey, manifestKey, multivariantKey, segmentKey, videoPrefix } from '../domain/object-keys.ts';
import { IncompleteError, type Offer } from '../domain/offer.ts';
import type { Clock, ObjectStore } from '../domain/ports.ts';
import type { StoredRendition } from '../domain/tasks.ts';
import type { Log } from '../lib/log.ts';
import { growingPlaylists, writePlaylists } from './playlist-files.ts';
import { restorePublished } from './restore-playlists.ts';

export type GrowDeps = {
  readonly growth: GrowthRecords;
  readonly records: Pick<JobRecords, 'finishedWork' | 'isDeleted'>;
  readonly store: Pick<ObjectStore, 'put' | 'read' | 'head' | 'delete' | 'deletePrefix'>;
  readonly clock: Clock;
  readonly log: Log<LogEvent>;
  /** How many segments of `job/rendition` this orchestrator has found in the store. Forgetting only costs looks. */
  readonly found: LRUCache<string, number>;
};

/**
 * Makes playable what of a video stands in the store while the rest is still being made: playlists without an end,
 * which the final ones replace. True when there was a job to look at.
 */
export async function growVideo(deps: GrowDeps): Promise<boolean> {
  const claim = await deps.growth.claim();
  if (!claim) return withdrawAbandoned(deps);
  const stored = await deps.growth.storedOf(claim.jobId, growingRenditions(claim.plan));
  const offer = growingOffer(claim.generation, claim.plan, stored);
  if (offer && !(await writeGrowing(claim, offer, deps))) return true;
  const released = await deps.growth.release(claim, { isPlayable: offer !== undefined, pauseMs: pauseAfter(offer) });
  if (released === 'first') logPlayable(claim, offer, deps.log);
  // The video may have been deleted while its playlists were being written.
  if (!released && (await deps.records.isDeleted(claim.videoId)))
    await deps.store.deletePrefix(videoPrefix({ videoId: claim.videoId }));
  return true;
}

/** Of the lease: the rest is for a write that is on its way when its time is over. */
const WRITE_SHARE = 0.6;

/** False when it is no longer ours to write, because it is about to be published. */
async function writeGrowing(claim: GrowthClaim, offer: Offer, deps: GrowDeps): Promise<boolean> {
  for (const { made } of [...offer.audio, ...offer.video]) await assertStanding(claim, made, deps);
  const askedMs = deps.clock.nowMs();
  if (!(await deps.growth.renew(claim))) return false;
  try {
    const files = growingPlaylists(claim.videoId, offer, claim.plan);
    await writePlaylists(files, deps.store, AbortSignal.timeout(claim.leaseMs * WRITE_SHARE));
  } finally {
    // This process was frozen in mid-write, and what it then wrote may have replaced the final playlists.
    if (deps.clock.nowMs() - askedMs >= claim.leaseMs) await restorePublished(claim.videoId, deps);
  }
  return true;
}

/** @throws IncompleteError: then nothing is listed, and the lease ends before the next look. */
async function assertStanding(claim: GrowthClaim, made: StoredRendition, { store, found }: GrowDeps): Promise<void> {
  const { videoId, generation, jobId } = claim;
  const of = { videoId, generation, rendition: made.rendition };
  const name = `${jobId}/${made.rendition}`;
  const known = found.get(name) ?? 0;
  const fresh = made.segments.slice(known).map(({ segment }) => segmentKey({ ...of, segment }));
  for (const key of known === 0 ? [initKey(of), ...fresh] : fresh)
    if (!(await store.head(key))) throw new IncompleteError(`${key} was reported and does not stand in the store`);
  found.set(name, made.segments.length);
}

/** At most one write a second; the longer the playlist, the fewer: it is written whole each time. */
const MIN_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 10_000;
const PAUSE_MS_PER_SEGMENT = 10;

function pauseAfter(offer: Offer | undefined): number {
  if (!offer) return 0;
  const segments = Math.max(...[...offer.video, ...offer.audio].map(({ made }) => made.segments.length));
  return Math.min(MAX_PAUSE_MS, Math.max(MIN_PAUSE_MS, segments * PAUSE_MS_PER_SEGMENT));
}

function logPlayable({ videoId, jobId, generation }: GrowthClaim, offer: Offer | undefined, log: GrowDeps['log']) {
  const made = [...(offer?.video ?? []), ...(offer?.audio ?? [])].map((one) => one.made);
  const segmentsBy = Object.fromEntries(made.map(({ rendition, segments }) => [rendition, segments.length]));
  log.info('video_playable', { videoId, jobId, generation, segmentsBy });
}

/** Nothing will be added to the playlists of a job that has ended, so whoever plays them would wait for ever. */
async function withdrawAbandoned(deps: GrowDeps): Promise<boolean> {
  const { growth, store, log } = deps;
  const claim = await growth.claimAbandoned();
  if (!claim) return false;
  const { videoId, jobId, generation } = claim;
  for (const key of [multivariantKey({ videoId }), manifestKey({ videoId })]) await store.delete(key);
  await growth.withdrawn(claim);
  log.info('growth_withdrawn', { videoId, jobId, generation });
  // This process was frozen, and what it then deleted was published meanwhile.
  await restorePublished(videoId, deps);
  return true;
}
