import { z } from 'zod';
import { DomainError } from '../domain/errors.ts';
import { parseVideoId } from '../domain/ids.ts';
import type { LogEvent } from '../domain/log-events.ts';
import type { ObjectStore, VideoRecords } from '../domain/ports.ts';
import type { App } from '../lib/app.ts';
import type { Log } from '../lib/log.ts';
import { changeVideo } from './change-video.ts';
import { deleteVideo } from './delete-video.ts';
import { getSource } from './get-source.ts';
import { type StartDeps, startIngest } from './ingest/start-ingest.ts';
import type { HasKey } from './require-key.ts';
import * as schemas from './schemas.ts';
import { setOnly } from './set-only.ts';
import type { ShowVideo } from './show-video.ts';

export type VideoRoutesDeps = StartDeps & {
  readonly store: ObjectStore;
  readonly records: VideoRecords;
  readonly hasKey: HasKey;
  readonly show: ShowVideo;
  readonly log: Log<LogEvent>;
};

const { problems, videoSchema: video } = schemas;
const of = { params: schemas.idParams };

/** Videos: list, fetch by URL, look, change, remove, download. */
export async function addVideoRoutes(api: App, deps: VideoRoutesDeps): Promise<void> {
  const { store, records, hasKey, show } = deps;

  api.get(
    '/videos',
    {
      schema: {
        summary: 'List, newest first',
        querystring: schemas.listQuery,
        response: { 200: schemas.videoListSchema, ...problems },
      },
    },
    async ({ query: { limit, cursor, q, state } }) => {
      const list = await records.list(setOnly({ limit, cursor, titlePart: q === '' ? undefined : q, state }));
      // Listing takes a key.
      const viewer = { hasKey: true, token: undefined };
      return { ...list, videos: list.videos.map((video) => show(video, viewer) ?? video) };
    },
  );

  api.post(
    '/videos',
    {
      schema: {
        summary: 'Fetch a source by its URL, in the background',
        body: schemas.ingestBody,
        response: { 202: video.describe('The video, in state uploading'), ...problems },
      },
    },
    async (request, reply) => {
      const resource = await startIngest(request.body, deps);
      return reply.code(202).header('location', `/videos/${resource.id}`).send(resource);
    },
  );

  api.get(
    '/videos/:id',
    {
      schema: {
        ...of,
        summary: 'One video; a private one takes a key or a playback token',
        querystring: schemas.tokenQuery,
        response: { 200: video, 308: z.null().describe('It turned out to be the video at Location'), ...problems },
      },
    },
    async (request, reply) => {
      const id = parseVideoId(request.params.id);
      const resource = await records.find(id);
      const elder = resource ? undefined : await records.elderOf(id);
      if (elder !== undefined) return reply.redirect(`/videos/${elder}`, 308);
      const shown = show(found(resource), { hasKey: hasKey(request), token: request.query.token });
      if (!shown) throw new DomainError('playback_denied');
      return shown;
    },
  );

  api.patch(
    '/videos/:id',
    {
      schema: {
        ...of,
        summary: 'Change the title or the visibility',
        body: schemas.changeBody,
        response: { 200: video, ...problems },
      },
    },
    async (request) => changeVideo(parseVideoId(request.params.id), request.body, deps),
  );

  api.delete(
    '/videos/:id',
    {
      schema: {
        ...of,
        summary: 'Remove all objects and rows',
        response: { 204: z.null().describe('All of it is gone'), ...problems },
      },
    },
    async (request, reply) => {
      await deleteVideo(parseVideoId(request.params.id), deps);
      return reply.code(204).send(null);
    },
  );

  const bytes = { content: { 'application/octet-stream': { schema: z.any() } } };
  api.get(
    '/videos/:id/source',
    {
      schema: {
        ...of,
        summary: 'The original bytes, with ranges',
        response: {
          200: { ...bytes, description: 'All of them' },
          206: { ...bytes, description: 'Those of Range' },
          ...problems,
        },
      },
    },
    async (request, reply) => {
      const videoId = parseVideoId(request.params.id);
      const resource = found(await records.find(videoId));
      // Also one that failed, where its source could not be fetched.
      if (resource.source.contentId === null) throw new DomainError('upload_not_finished');
      return getSource(request, reply, resource, { videoId, sizeBytes: resource.source.sizeBytes }, store);
    },
  );
}

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new DomainError('no_such_video');
  return value;
}
