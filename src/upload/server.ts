import fastifySwagger from '@fastify/swagger';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { DomainError } from '../domain/errors.ts';
import { parseVideoId, type UploadId } from '../domain/ids.ts';
import type { LogEvent } from '../domain/log-events.ts';
import type { Clock, ObjectStore, VideoRecords } from '../domain/ports.ts';
import type { UploadRecords } from '../domain/upload-records.ts';
import { type App, type AppOptions, createApp } from '../lib/app.ts';
import type { Log } from '../lib/log.ts';
import { deleteVideo } from './delete-video.ts';
import { getSource } from './get-source.ts';
import { addPages } from './pages.ts';
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
  /** A sender that is silent for this long has left. */
  readonly uploadIdleMs: number;
  readonly maxUploadBytes: number;
  readonly version: string;
  /** The built pages; undefined where they were not built, and then there are none. */
  readonly pagesFolder: string | undefined;
  readonly app: Pick<AppOptions, 'health' | 'metrics' | 'onFault'>;
};

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
  await app.register((plain) => addUpload(plain as unknown as App, deps));
  await app.register((plain) => addResumableUploads(plain as unknown as App, deps));
  if (deps.pagesFolder !== undefined) await addPages(app, deps.pagesFolder);
  return app;
}

/** Whatever the type of the body says, it stays a stream that the handler reads as it comes. */
async function addUpload(app: App, deps: UploadApiDeps): Promise<void> {
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
      const answer = await postUpload(request.raw, request.query.filename, {
        ...deps,
        maxBytes: deps.maxUploadBytes,
      });
      return reply
        .code(answer.created ? 201 : 200)
        .header('location', `/videos/${answer.id}`)
        .send(answer);
    },
  );
}

async function addResumableUploads(app: App, deps: UploadApiDeps): Promise<void> {
  const locks = new UploadLocks({ ...deps, records: deps.uploads });
  await addTusRoutes(app, {
    ...deps,
    ...deps.app,
    locks,
    maxBytes: deps.maxUploadBytes,
    idleMs: deps.uploadIdleMs,
  });
}

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new DomainError('no_such_video');
  return value;
}
