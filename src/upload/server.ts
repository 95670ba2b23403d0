import fastifySwagger from '@fastify/swagger';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { DomainError } from '../domain/errors.ts';
import { parseVideoId, type UploadId } from '../domain/ids.ts';
import type { LogEvent } from '../domain/log-events.ts';
import type { Clock, ObjectStore, VideoRecords } from '../domain/ports.ts';
import type { UploadRecords } from '../domain/upload-records.ts';
import { type App, type AppOptions, createApp } from '../lib/app.ts';
import { endUnread } from '../lib/end-unread.ts';
import { Gate } from '../lib/gate.ts';
import type { Log } from '../lib/log.ts';
import { deleteVideo } from './delete-video.ts';
import { getSource } from './get-source.ts';
import { addPages } from './pages.ts';
import type { PartPool } from './part-pool.ts';
import { type PostUploadDeps, postUpload } from './post-upload.ts';
import { processVideo } from './process-video.ts';
import * as schemas from './schemas.ts';
import { addTusRoutes } from './tus/tus-routes.ts';
import { UploadLocks } from './upload-locks.ts';

export type UploadApiDeps = {
  readonly store: ObjectStore;
  readonly records: VideoRecords;
  readonly log: Log<LogEvent>;
  readonly uploads: UploadRecords;
  readonly clock: Clock;
  readonly newVideoId: PostUploadDeps['newVideoId'];
  readonly newUploadId: () => UploadId;
  /** The memory of all uploads of this process. */
  readonly partPool: PartPool;
  /** Bodies that are received at once. */
  readonly maxTransfers: number;
  /** How long another one waits for its turn. */
  readonly transferWaitMs?: number;
  /** A sender that is silent for this long has left. */
  readonly uploadIdleMs: number;
  readonly maxUploadBytes: number;
  readonly version: string;
  /** The built pages; undefined where they were not built, and then there are none. */
  readonly pagesFolder: string | undefined;
  readonly app: Pick<AppOptions, 'health' | 'metrics' | 'onFault'>;
};

/** Long enough for small files to make room, short enough that a client does not give up. */
const TRANSFER_WAIT_MS = 10_000;
const JSON_LIMIT_BYTES = 64 * 1024;

/** The public API and the pages. */
export async function createUploadApi(deps: UploadApiDeps): Promise<App> {
  const { store, records, log } = deps;
  const app = createApp({ ...deps.app, bodyLimitBytes: JSON_LIMIT_BYTES });
  await app.register(fastifySwagger, {
    openapi: { info: { title: 'Millrace', version: deps.version } },
    transform: jsonSchemaTransform,
  });
  // Registered as a plugin so that the OpenAPI document, which looks at later routes only, sees them.
  await app.register(async (plain) => {
    const api = plain as unknown as App;
    const { problemSchema: problem, videoSchema: video } = schemas;

    api.get(
      '/videos',
      {
        schema: {
          summary: 'List, newest first',
          querystring: schemas.listQuery,
          response: { 200: schemas.videoListSchema },
        },
      },
      async ({ query: { limit, cursor } }) => records.list(cursor === undefined ? { limit } : { limit, cursor }),
    );

    const of = { params: schemas.idParams };
    api.get(
      '/videos/:id',
      { schema: { ...of, summary: 'One video', response: { 200: video, '4xx': problem } } },
      async (request, reply) => {
        const id = parseVideoId(request.params.id);
        const resource = await records.find(id);
        const elder = resource ? undefined : await records.elderOf(id);
        return elder === undefined ? found(resource) : reply.redirect(`/videos/${elder}`, 308);
      },
    );

    api.patch(
      '/videos/:id',
      { schema: { ...of, summary: 'Rename', body: schemas.renameBody, response: { 200: video, '4xx': problem } } },
      async (request) => {
        const id = parseVideoId(request.params.id);
        if (await records.rename(id, request.body.title)) log.info('video_renamed', { videoId: id });
        return found(await records.find(id));
      },
    );

    api.delete(
      '/videos/:id',
      { schema: { ...of, summary: 'Remove all objects and rows', response: { 204: z.null(), '4xx': problem } } },
      async (request, reply) => {
        await deleteVideo(parseVideoId(request.params.id), deps);
        return reply.code(204).send(null);
      },
    );

    api.post(
      '/videos/:id/process',
      {
        schema: {
          ...of,
          summary: 'Process again: a failed video, or with force any',
          body: schemas.processBody,
          response: { 202: video, '4xx': problem },
        },
      },
      async (request, reply) => {
        const id = parseVideoId(request.params.id);
        return reply.code(202).send(await processVideo(id, request.body?.force ?? false, deps));
      },
    );

    api.get(
      '/videos/:id/source',
      { schema: { ...of, summary: 'The original bytes, with ranges' } },
      async (request, reply) => {
        const videoId = parseVideoId(request.params.id);
        const resource = found(await records.find(videoId));
        if (resource.state === 'uploading') throw new DomainError('upload_not_finished');
        return getSource(request, reply, resource, { videoId, sizeBytes: resource.source.sizeBytes }, store);
      },
    );

    api.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  });
  const locks = new UploadLocks({ ...deps, records: deps.uploads });
  const transfers = new Gate({ max: deps.maxTransfers, waitMs: deps.transferWaitMs ?? TRANSFER_WAIT_MS });
  const receiving = {
    ...deps,
    ...deps.app,
    locks,
    transfers,
    maxBytes: deps.maxUploadBytes,
    idleMs: deps.uploadIdleMs,
  };
  await app.register((plain) => addUpload(plain as unknown as App, receiving));
  await app.register((plain) => addTusRoutes(plain as unknown as App, receiving));
  if (deps.pagesFolder !== undefined) await addPages(app, deps.pagesFolder);
  return app;
}

/** Whatever the type of the body says, it stays a stream that the handler reads as it comes. */
async function addUpload(app: App, deps: PostUploadDeps): Promise<void> {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  app.post(
    '/upload',
    {
      schema: {
        summary: 'Upload a file as raw body or as form field "file"',
        querystring: schemas.uploadQuery,
        response: { 200: schemas.uploadAnswerSchema, 201: schemas.uploadAnswerSchema, '4xx': schemas.problemSchema },
      },
    },
    async (request, reply) => {
      reply.raw.once('finish', () => endUnread(request.raw));
      const answer = await postUpload(request.raw, request.query.filename, deps);
      return reply
        .code(answer.created ? 201 : 200)
        .header('location', `/videos/${answer.id}`)
        .send(answer);
    },
  );
}

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new DomainError('no_such_video');
  return value;
}
