import { setTimeout as delay } from 'node:timers/promises';
import type { VideoId } from '../domain/ids.ts';
import type { LogEvent } from '../domain/log-events.ts';
import type { VideoRecords } from '../domain/ports.ts';
import type { TimelineEvent, VideoEvents } from '../domain/video-events.ts';
import type { VideoResource } from '../domain/video-resource.ts';
import type { Coalescer } from '../lib/coalesce.ts';
import type { ServerEvent } from '../lib/event-stream.ts';
import type { KeyedBell } from '../lib/keyed-bell.ts';
import type { Log } from '../lib/log.ts';

export type FollowDeps = {
  readonly records: Pick<VideoRecords, 'find'>;
  readonly events: VideoEvents;
  /** Rung with the id of a video to which something happened. */
  readonly videoBell: KeyedBell;
  /** Those who have seen as much of the same video look together. */
  readonly looks: Coalescer<Seen>;
  readonly log: Log<LogEvent>;
};

export type Following = {
  readonly videoId: VideoId;
  /** The last event that the client has seen; undefined where it knows nothing yet. */
  readonly after: number | undefined;
  /** Whether it wants every transition of every task. */
  readonly tasks: boolean;
  /** The video as this client may see it; undefined ends the stream. */
  readonly shown: (video: VideoResource) => VideoResource | undefined;
};

export type Seen = { events: TimelineEvent[]; position: number; video: VideoResource | undefined };

/** Rows in one look. A client that was away for long gets them look by look, as it takes them. */
const MOST_EVENTS = 500;
/** The bell may be broken; and what changes without an event, such as what plays already, is found so. */
const LOOK_EVERY_MS = 3_000;
/** Nobody reads faster, and a hundred tasks that end in a second are told at once. */
const BREATH_MS = 200;

/**
 * Everything that happens to a video from a point on: each transition once and in order, and after those the
 * progress where it changed. Ends when the video is deleted, or at the signal.
 */
export async function* followVideo(
  { videoId, after, tasks, shown }: Following,
  deps: FollowDeps,
  signal: AbortSignal,
): AsyncGenerator<ServerEvent> {
  using rings = deps.videoBell.listen(videoId);
  let position = after;
  let told = '';
  while (!signal.aborted) {
    const seen = await lookTogether(`${videoId} ${position} ${rings.rings}`, () => look(videoId, position, deps), deps);
    if (seen && !seen.video) return yield { event: 'deleted', data: { id: videoId } };
    const video = seen?.video && shown(seen.video);
    if (seen?.video && !video) return;
    if (seen && video) {
      if (position === undefined) yield { event: 'snapshot', id: seen.position, data: video };
      yield* seen.events.filter(({ subject }) => tasks || subject !== 'task').map(toMessage);
      position = seen.position;
      if (seen.events.length === MOST_EVENTS) continue;
      const progress = progressOf(video);
      const text = JSON.stringify(progress);
      if (text !== told) yield { event: 'progress', id: position, data: progress };
      told = text;
    }
    await delay(BREATH_MS, undefined, { signal }).catch(() => undefined);
    await rings.wait(LOOK_EVERY_MS, signal);
  }
}

/** Undefined when the database does not answer: the client stays, and so do its events. */
async function lookTogether(key: string, work: () => Promise<Seen>, { looks, log }: FollowDeps) {
  try {
    // Whoever joins has heard no ring since the look began, or their keys would differ.
    return await looks.run(key, work).value;
  } catch (err) {
    log.warn('database_error', { err });
    return undefined;
  }
}

async function look(videoId: VideoId, after: number | undefined, { events, records }: FollowDeps): Promise<Seen> {
  // Events first: whatever the video shows that they do not tell yet is told by the next look.
  const fresh = after === undefined ? [] : await events.read(videoId, { after, limit: MOST_EVENTS });
  const position = after === undefined ? await events.position() : (fresh.at(-1)?.id ?? after);
  return { events: fresh, position, video: await records.find(videoId) };
}

const toMessage = (event: TimelineEvent): ServerEvent => ({
  event: event.subject === 'task' ? 'task' : 'state',
  id: event.id,
  data: event,
});

/** What changes without a transition of the video or its job. */
const progressOf = ({ state, job, playback }: VideoResource) => ({
  state,
  progress: job?.progress ?? 0,
  tasks: job?.tasks ?? null,
  pausedReason: job?.pausedReason ?? null,
  playback,
});
