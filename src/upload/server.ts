import type { UploadId } from '../domain/ids.ts';
import type { LogEvent } from '../domain/log-events.ts';
import type { Clock, ObjectStore, VideoRecords } from '../domain/ports.ts';
import type { UploadRecords } from '../domain/upload-records.ts';
import { type App, type AppOptions, createApp } from '../lib/app.ts';
import { pagePolicy } from '../lib/browser-headers.ts';
import { endUnread } from '../lib/end-unread.ts';
import { Gate } from '../lib/gate.ts';
import type { Log } from '../lib/log.ts';
import { metersIn } from '../lib/meters.ts';
import { RateLimit } from '../lib/rate-limit.ts';
import { type AccessRoutesDeps, addAccessRoutes } from './access-routes.ts';
import { addCaptionRoutes, type CaptionRoutesDeps } from './caption-routes.ts';
import { addDownloadRoutes, type DownloadRoutesDeps } from './download/download-routes.ts';
import { addEventRoutes, type EventRoutesDeps } from './event-routes.ts';
import { guardRequests } from './guard-requests.ts';
import { addJobRoutes, type JobRoutesDeps } from './job-routes.ts';
import type { KeyRing } from './key-ring.ts';
import { addPages } from './pages.ts';
import type { PartPool } from './part-pool.ts';
import { type PostUploadDeps, postUpload } from './post-upload.ts';
import { addReference } from './reference.ts';
import { createHasKey, requireKey } from './require-key.ts';
import * as schemas from './schemas.ts';
import { createShowVideo } from './show-video.ts';
import { addTusRoutes } from './tus/tus-routes.ts';
import { UploadLocks } from './upload-locks.ts';
import { addVideoRoutes, type VideoRoutesDeps } from './video-routes.ts';
import { addWebhookRoutes, type WebhookRoutesDeps } from './webhook-routes.ts';

export type UploadApiDeps = CaptionRoutesDeps &
  DownloadRoutesDeps &
  Omit<VideoRoutesDeps, 'hasKey' | 'show'> &
  JobRoutesDeps &
  Omit<EventRoutesDeps, 'hasKey' | 'show'> &
  AccessRoutesDeps &
  WebhookRoutesDeps & {
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
    /** Who may do what. */
    readonly keyRing: KeyRing;
    /** Of one address; unset, a generous default. */
    readonly requestsPerSecond?: number | undefined;
    /** Beside our own, of pages: where they load media from, and who may embed the player (unset, everybody). */
    readonly mediaOrigins?: readonly string[] | undefined;
    readonly embedOrigins?: readonly string[] | undefined;
    /** The built pages; undefined where they were not built, and then there are none. */
    readonly pagesFolder: string | undefined;
    readonly app: Pick<AppOptions, 'health' | 'metrics' | 'onFault' | 'trustedProxies'>;
  };

/** Long enough for small files to make room, short enough that a client does not give up. */
const TRANSFER_WAIT_MS = 10_000;
const JSON_LIMIT_BYTES = 64 * 1024;
/** Of one address. A page asks for less than one a second; a script that uploads a library, for tens. */
const REQUESTS_PER_SECOND = 100;
const BURST_SECONDS = 10;

/** The public API and the pages. */
export async function createUploadApi(deps: UploadApiDeps): Promise<App> {
  const app = createApp({ ...deps.app, bodyLimitBytes: JSON_LIMIT_BYTES });
  const perSecond = deps.requestsPerSecond ?? REQUESTS_PER_SECOND;
  const limit = new RateLimit({ perSecond, burst: perSecond * BURST_SECONDS, nowMs: deps.clock.nowMs });
  app.addHook('onRequest', guardRequests(limit));
  const hasKey = createHasKey(deps.keyRing);
  app.addHook('onRequest', requireKey(deps.keyRing));
  const showing = { ...deps, hasKey, show: createShowVideo(deps) };
  await addReference(app, deps.version);
  // Registered as plugins so that the OpenAPI document, which looks at later routes only, sees them.
  await app.register((plain) => addVideoRoutes(plain as unknown as App, showing));
  await app.register((plain) => addJobRoutes(plain as unknown as App, deps));
  await app.register((plain) => addEventRoutes(plain as unknown as App, showing));
  await app.register((plain) => addAccessRoutes(plain as unknown as App, deps));
  await app.register((plain) => addWebhookRoutes(plain as unknown as App, deps));
  const locks = new UploadLocks({ ...deps, records: deps.uploads });
  const transfers = new Gate({ max: deps.maxTransfers, waitMs: deps.transferWaitMs ?? TRANSFER_WAIT_MS });
  addUploadMetrics(deps, transfers);
  const receiving = {
    ...deps,
    ...deps.app,
    locks,
    transfers,
    maxBytes: deps.maxUploadBytes,
    idleMs: deps.uploadIdleMs,
  };
  await app.register((plain) => addCaptionRoutes(plain as unknown as App, deps));
  await app.register((plain) => addDownloadRoutes(plain as unknown as App, deps));
  await app.register((plain) => addUpload(plain as unknown as App, receiving));
  await app.register((plain) => addTusRoutes(plain as unknown as App, receiving));
  if (deps.pagesFolder !== undefined) await addPages(app, deps.pagesFolder, policiesOf(deps));
  return app;
}

function addUploadMetrics({ app, partPool }: UploadApiDeps, transfers: Gate): void {
  const { readings, counted } = metersIn(app.metrics);
  readings('millrace_uploads', 'Upload bodies that are received, and that wait for a place.', 'state', () => ({
    receiving: transfers.inside,
    waiting: transfers.waiting,
  }));
  counted('millrace_upload_bytes_total', 'Bytes of uploads that were received.', () => partPool.receivedBytes);
}

function policiesOf({ mediaOrigins = [], embedOrigins }: Pick<UploadApiDeps, 'mediaOrigins' | 'embedOrigins'>) {
  const embedders = embedOrigins ? ["'self'", ...embedOrigins] : ['*'];
  return {
    page: pagePolicy({ mediaOrigins, frameAncestors: ["'self'"] }),
    embed: pagePolicy({ mediaOrigins, frameAncestors: embedders }),
  };
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
        response: {
          200: schemas.uploadAnswerSchema.describe('The same bytes are a video already'),
          201: schemas.uploadAnswerSchema.describe('A new video'),
          ...schemas.problems,
        },
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
