import { setTimeout as delay } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { DomainError } from '../domain/errors.ts';
import type { VideoId } from '../domain/ids.ts';
import type { LogEvent } from '../domain/log-events.ts';
import { multivariantKey, type ObjectKey, privateMarkKey } from '../domain/object-keys.ts';
import type { Clock, ObjectStore } from '../domain/ports.ts';
import { Coalescer } from '../lib/coalesce.ts';
import type { Log } from '../lib/log.ts';
import type { LastSeen } from './last-seen.ts';

/** Whether a video may be played at all, and whether that takes a playback token. */
export type Published = { readonly published: boolean; readonly isPrivate: boolean };

/** @throws DomainError store_unavailable when that was never seen and cannot be. */
export type PublishedCheck = (videoId: VideoId) => Promise<Published>;

type Deps = {
  readonly store: Pick<ObjectStore, 'head'>;
  readonly clock: Clock;
  readonly log: Log<LogEvent>;
  readonly lastSeen: Pick<LastSeen, 'noteVisibility' | 'recallVisibility'>;
  readonly onStoreRead: (outcome: 'ok' | 'failed', durationMs: number) => void;
  /** Called once when a video that was published is found to be gone. */
  readonly onWithdrawn: (videoId: VideoId) => void;
};

/** From this age on, a request causes a new look, and does not wait for it. */
const LOOK_AGAIN_AFTER_MS = 2000;
/** From this age on, a request waits for the new look: with the above, deletion is seen within this time. */
const TRUST_FOR_MS = 4000;
/** How long it waits where something was seen before. The router gives up on an edge after 0.8 s: stay well below. */
const WAIT_FOR_LOOK_MS = 400;
const LOOK_DEADLINE_MS = 5000;
/** After a look that failed, the next one may start only now: a store that is down is not hammered. */
const RETRY_LOOK_AFTER_MS = 1000;
/** A video that is not there may be published any moment, and its player asks at once. */
const ABSENT_FOR_MS = 1000;
const MAX_VIDEOS = 10_000;

type Seen = Published & { readonly atMs: number };

/**
 * A video is playable while its published multivariant playlist stands in the store; removing that one object
 * withdraws the video from every edge. A mark beside it makes it private. The check looks again every few seconds for as
 * long as there are requests, and trusts what it last saw while the store is down.
 */
export function createPublishedCheck(deps: Deps): PublishedCheck {
  const { clock, lastSeen } = deps;
  const seen = new LRUCache<VideoId, Seen>({ max: MAX_VIDEOS });
  const failedAtMs = new LRUCache<VideoId, number>({ max: MAX_VIDEOS });
  const looks = new Coalescer<Seen>();

  return async (videoId) => {
    const last = seen.get(videoId) ?? (await recall(videoId));
    if (!last) return firstLook(videoId);
    const ageMs = clock.nowMs() - last.atMs;
    if (ageMs < (last.published ? LOOK_AGAIN_AFTER_MS : ABSENT_FOR_MS)) return last;
    if (hasJustFailed(videoId)) return last;
    const newLook = lookOrTrust(videoId, last);
    if (last.published && ageMs < TRUST_FOR_MS) return last;
    const found = await Promise.race([newLook, delay(WAIT_FOR_LOOK_MS, undefined, { ref: false })]);
    if (!found) failedAtMs.set(videoId, clock.nowMs());
    return found ?? last;
  };

  /** What was last seen before this start: trusted as any old look is, while the store is away. */
  async function recall(videoId: VideoId): Promise<Seen | undefined> {
    const visibility = await lastSeen.recallVisibility(videoId);
    const newer = seen.get(videoId);
    if (newer || visibility === undefined) return newer;
    const before: Seen = { published: true, isPrivate: visibility === 'private', atMs: -Infinity };
    seen.set(videoId, before);
    return before;
  }

  async function firstLook(videoId: VideoId): Promise<Seen> {
    if (hasJustFailed(videoId))
      throw new DomainError('store_unavailable', `Looking for video ${videoId} failed a moment ago.`);
    try {
      return await look(videoId).value;
    } catch (err) {
      failedAtMs.set(videoId, clock.nowMs());
      throw err;
    }
  }

  function hasJustFailed(videoId: VideoId): boolean {
    return clock.nowMs() - (failedAtMs.get(videoId) ?? -Infinity) < RETRY_LOOK_AFTER_MS;
  }

  function look(videoId: VideoId) {
    return looks.run(videoId, async () => {
      const [published, isPrivate] = await Promise.all([
        stands(deps, videoId, multivariantKey({ videoId })),
        stands(deps, videoId, privateMarkKey({ videoId })),
      ]);
      if (!published && seen.get(videoId)?.published) withdraw(videoId);
      const now: Seen = { published, isPrivate, atMs: clock.nowMs() };
      seen.set(videoId, now);
      failedAtMs.delete(videoId);
      if (published) lastSeen.noteVisibility(videoId, isPrivate ? 'private' : 'public');
      return now;
    });
  }

  async function lookOrTrust(videoId: VideoId, last: Seen): Promise<Seen> {
    const { joined, value } = look(videoId);
    try {
      return await value;
    } catch (err) {
      if (!joined) deps.log.warn('store_read_failed', { videoId, trusting: last.published, err });
      failedAtMs.set(videoId, clock.nowMs());
      return last;
    }
  }

  function withdraw(videoId: VideoId): void {
    deps.log.info('video_withdrawn', { videoId });
    deps.onWithdrawn(videoId);
  }
}

async function stands({ store, clock, onStoreRead }: Deps, videoId: VideoId, key: ObjectKey): Promise<boolean> {
  const startedMs = clock.nowMs();
  try {
    const info = await store.head(key, { signal: AbortSignal.timeout(LOOK_DEADLINE_MS) });
    onStoreRead('ok', clock.nowMs() - startedMs);
    return info !== undefined;
  } catch (cause) {
    onStoreRead('failed', clock.nowMs() - startedMs);
    throw new DomainError('store_unavailable', `Looking for video ${videoId} failed.`, { cause });
  }
}
