import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { DomainError } from '../domain/errors.ts';
import { parseVideoId } from '../domain/ids.ts';
import type { VideoRecords } from '../domain/ports.ts';
import type { VideoResource } from '../domain/video-resource.ts';
import type { App } from '../lib/app.ts';
import { Coalescer } from '../lib/coalesce.ts';
import { type ServerEvent, sendEvents } from '../lib/event-stream.ts';
import { followLibrary } from './follow-library.ts';
import { type FollowDeps, followVideo, type Seen } from './follow-video.ts';
import * as jobs from './job-schemas.ts';
import type { HasKey } from './require-key.ts';
import { idParams, problems } from './schemas.ts';
import type { ShowVideo } from './show-video.ts';

export type EventRoutesDeps = Omit<FollowDeps, 'looks' | 'records'> & {
  readonly hasKey: HasKey;
  readonly show: ShowVideo;
  readonly records: VideoRecords;
  /** Streams end then, so that nobody waits for them. */
  readonly stopping: AbortSignal;
  readonly maxStreams?: number;
};

/** Each costs a socket and, while something happens to its video, a few looks at the database each second. */
const MAX_STREAMS = 256;

const eventStream = (description: string) => ({
  200: { description, content: { 'text/event-stream': { schema: z.string() } } },
});

/** What happened to a video, as a list and as a stream. */
export async function addEventRoutes(api: App, deps: EventRoutesDeps): Promise<void> {
  const { records, events, hasKey, show, stopping, maxStreams = MAX_STREAMS } = deps;
  const following = { ...deps, looks: new Coalescer<Seen>() };
  let streams = 0;

  async function stream(reply: FastifyReply, of: (signal: AbortSignal) => AsyncIterable<ServerEvent>) {
    if (streams >= maxStreams) throw new DomainError('too_many_streams');
    streams += 1;
    reply.hijack();
    await sendEvents(reply.raw, of, { stopping })
      // The head is out, so nobody but the log can be told.
      .catch((err: unknown) => deps.log.error('request_failed', { url: reply.request.url, err }))
      .finally(() => {
        streams -= 1;
      });
    return reply;
  }

  api.get(
    '/videos/:id/timeline',
    {
      schema: {
        params: idParams,
        summary: 'Everything that happened to it, in order',
        querystring: jobs.timelineQuery,
        response: { 200: jobs.timelineSchema, ...problems },
      },
    },
    async (request) => {
      const videoId = parseVideoId(request.params.id);
      if (!(await records.find(videoId))) throw new DomainError('no_such_video');
      const { after, limit } = request.query;
      const page = await events.read(videoId, { after, limit });
      return { events: page, next: page.length < limit ? null : (page.at(-1)?.id ?? null) };
    },
  );

  api.get(
    '/videos/:id/events',
    {
      exposeHeadRoute: false,
      schema: {
        params: idParams,
        summary: 'Its states and progress as they come, as server-sent events, resumable with Last-Event-ID',
        querystring: jobs.eventsQuery,
        headers: jobs.eventsHeaders,
        response: {
          ...eventStream('snapshot, state, progress, task, deleted'),
          308: z.null().describe('It turned out to be the video at Location'),
          ...problems,
        },
      },
    },
    async (request, reply) => {
      const videoId = parseVideoId(request.params.id);
      const { tasks, token } = request.query;
      // Asked again with each look: a stream lasts longer than a key may.
      const shown = (video: VideoResource) => show(video, { hasKey: hasKey(request), token });
      const video = await records.find(videoId);
      if (video && !shown(video)) throw new DomainError('playback_denied');
      if (!video) {
        const elder = await records.elderOf(videoId);
        if (elder === undefined) throw new DomainError('no_such_video');
        return reply.redirect(`/videos/${elder}/events?tasks=${tasks}`, 308);
      }
      const after = request.headers['last-event-id'];
      return stream(reply, (signal) => followVideo({ videoId, after, tasks, shown }, following, signal));
    },
  );

  api.get(
    '/events',
    {
      exposeHeadRoute: false,
      schema: {
        summary: 'Says that some video has changed, at most once a second, as server-sent events',
        response: { ...eventStream('changed'), '5xx': problems['5xx'] },
      },
    },
    async (request, reply) =>
      stream(reply, async function* (signal) {
        for await (const event of followLibrary(deps, signal)) {
          if (!hasKey(request)) return;
          yield event;
        }
      }),
  );
}
