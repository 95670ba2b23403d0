import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createApiKeys, hasApiKeys } from '../../adapters/api-keys.ts';
import { createCaptionRecords } from '../../adapters/captions.ts';
import { createIngestRecords } from '../../adapters/ingest-records.ts';
import { createJobControl } from '../../adapters/job-control.ts';
import { createJobLists } from '../../adapters/job-lists.ts';
import { migrate } from '../../adapters/migrate.ts';
import { listenTo } from '../../adapters/notifications.ts';
import { checkDatabase, type Database, openDatabase } from '../../adapters/postgres.ts';
import { createPublishedWork } from '../../adapters/published-work.ts';
import { countQueue } from '../../adapters/queue-counts.ts';
import { resolveHost } from '../../adapters/resolve-host.ts';
import { createUploadRecords } from '../../adapters/upload-records.ts';
import { createVideoEvents } from '../../adapters/video-events.ts';
import { createVideoRecords } from '../../adapters/video-records.ts';
import { EVENT_CHANNEL, KEY_CHANNEL } from '../../adapters/wake-ups.ts';
import { createWebhooks } from '../../adapters/webhooks.ts';
import type { App } from '../../lib/app.ts';
import { Bell } from '../../lib/bell.ts';
import { checkHealth } from '../../lib/health.ts';
import { KeyedBell } from '../../lib/keyed-bell.ts';
import { isPublicAddress } from '../../lib/public-address.ts';
import { repeat } from '../../lib/repeat.ts';
import { createTextSigner, type TextSigner } from '../../lib/sign-text.ts';
import type { PlaybackRouter } from '../../route/playback-router.ts';
import { followKeys } from '../../upload/follow-keys.ts';
import { ringVideo } from '../../upload/follow-library.ts';
import { runIngests } from '../../upload/ingest/run-ingests.ts';
import { KeyRing } from '../../upload/key-ring.ts';
import { PartPool } from '../../upload/part-pool.ts';
import { createUploadApi } from '../../upload/server.ts';
import { sweepUploads } from '../../upload/sweep-uploads.ts';
import { UploadLocks } from '../../upload/upload-locks.ts';
import type { Config } from '../config.ts';
import { parsePublicUrls } from '../edge-list.ts';
import { assertGuarded } from '../guard-listening.ts';
import { knownEdges, knownRoles } from '../known-roles.ts';
import {
  newUploadId,
  newVideoId,
  nodeName,
  openStore,
  PROJECT_ROOT,
  required,
  storeCheck,
  systemClock,
  uptimeSeconds,
  VERSION,
} from '../parts.ts';
import type { RoleContext } from '../role.ts';
import { addSystemRoute } from '../system/system-route.ts';

export type UploadApi = { readonly app: App; readonly close: () => Promise<void> };

/** A process that was killed or hangs holds up its uploads for this long. Renewed every second. */
const UPLOAD_LEASE_MS = 4_000;
const SWEEP_EVERY_MS = 60_000;
/** Six tries take a minute; a source that is down for longer is asked for again by a person. */
const INGEST_BACKOFF = { firstMs: 2_000, maxMs: 60_000 };

/**
 * The upload-api, ready to listen.
 * @param router the one in this process, if there is one
 */
export async function wireUploadApi(
  config: Config,
  { log, stopping, metrics }: RoleContext,
  router?: PlaybackRouter,
): Promise<UploadApi> {
  const store = await openStore(config);
  const databaseUrl = required(config, 'MILLRACE_DATABASE_URL');
  const db = openDatabase(databaseUrl, (err) => log.warn('database_error', { err }));
  await migrate(db);
  await assertGuarded(config, () => hasApiKeys(db));
  const expiryMs = config.MILLRACE_UPLOAD_EXPIRY_SECONDS * 1000;
  const uploads = createUploadRecords({ db, leaseMs: UPLOAD_LEASE_MS, expiryMs });
  const partPool = new PartPool({ memoryBytes: config.MILLRACE_UPLOAD_MEMORY_BYTES, clock: systemClock });
  const records = createVideoRecords(db);
  const ingests = createIngestRecords({ db, leaseMs: UPLOAD_LEASE_MS });
  const isAllowed = (address: string): boolean => config.MILLRACE_INGEST_PRIVATE || isPublicAddress(address);
  const bell = new Bell();
  const videoBell = new KeyedBell();
  const closing = new AbortController();
  const keyRing = new KeyRing({ fixed: config.MILLRACE_API_KEYS, clock: systemClock });
  const keyBell = new Bell();
  const following = await followKeys(
    { ring: keyRing, apiKeys: createApiKeys(db), log },
    { bell: keyBell, signal: closing.signal },
  );
  const stopListening = listenTo(databaseUrl, {
    channels: {
      [EVENT_CHANNEL]: (videoId) => ringVideo(videoBell, videoId),
      [KEY_CHANNEL]: () => keyBell.ring(),
    },
    onConnected: () => {
      videoBell.ringAll();
      keyBell.ring();
    },
    onError: (err) => log.warn('database_error', { err }),
  });
  const pages = join(PROJECT_ROOT, 'web', 'dist');
  const jobLists = createJobLists(db);
  const health = {
    role: 'upload-api',
    version: VERSION,
    uptimeSeconds,
    checks: { database: databaseCheck(db), objectStore: storeCheck(store) },
  };
  const app = await createUploadApi({
    store,
    records,
    uploads,
    ingests,
    jobLists,
    jobControl: createJobControl(db),
    captions: createCaptionRecords(db),
    published: createPublishedWork(db),
    webhooks: createWebhooks(db),
    allowPrivateWebhooks: config.MILLRACE_WEBHOOK_PRIVATE,
    events: createVideoEvents(db),
    videoBell,
    stopping,
    isAllowed,
    keyRing,
    requestsPerSecond: config.MILLRACE_RATE_LIMIT,
    mediaOrigins: [...(parsePublicUrls(config)?.values() ?? [])],
    embedOrigins: config.MILLRACE_PLAYBACK_ORIGINS,
    bell,
    ingestDeadlineMs: config.MILLRACE_INGEST_DEADLINE_SECONDS * 1000,
    clock: systemClock,
    playbackSigner: playbackSigner(config),
    log,
    newVideoId,
    newUploadId,
    partPool,
    maxTransfers: config.MILLRACE_MAX_TRANSFERS,
    uploadIdleMs: config.MILLRACE_UPLOAD_IDLE_SECONDS * 1000,
    maxUploadBytes: config.MILLRACE_MAX_UPLOAD_BYTES,
    version: VERSION,
    pagesFolder: existsSync(pages) ? pages : undefined,
    app: {
      trustedProxies: config.MILLRACE_TRUSTED_PROXIES,
      health,
      metrics,
      onFault: (err, { method, url }) => log.error('request_failed', { method, url, err }),
    },
  });
  await addSystemRoute(app, {
    jobLists,
    countQueue: () => countQueue(db),
    own: { name: nodeName(config, 'upload-api'), health: () => checkHealth(health) },
    listRoles: async () => [...(await knownRoles(config.MILLRACE_DATA)), ...(await knownEdges(config))],
    edgeUses: router?.status,
  });
  await app.ready();
  const sweeping = repeat(() => sweepUploads({ store, uploads, log }), {
    everyMs: Math.min(SWEEP_EVERY_MS, expiryMs),
    bell: new Bell(),
    signal: closing.signal,
    onError: (err) => log.warn('upload_sweep_failed', { err }),
  });
  const ingesting = runIngests(
    {
      store,
      records,
      uploads,
      ingests,
      isAllowed,
      resolve: resolveHost,
      partPool,
      locks: new UploadLocks({ records: uploads, log, clock: systemClock }),
      log,
      maxBytes: config.MILLRACE_MAX_UPLOAD_BYTES,
      idleMs: config.MILLRACE_UPLOAD_IDLE_SECONDS * 1000,
      random: Math.random,
      backoff: INGEST_BACKOFF,
    },
    { atOnce: config.MILLRACE_MAX_INGESTS, bell, signal: closing.signal },
  );
  const close = async (): Promise<void> => {
    closing.abort();
    await app.close();
    await sweeping;
    await ingesting;
    await following.ended;
    await stopListening();
    await db.destroy();
  };
  return { app, close };
}

export const databaseCheck = (db: Database) => async (): Promise<undefined> => void (await checkDatabase(db));

/** A secret of its own would make tokens that no router takes, so without one there are none. */
const playbackSigner = ({ MILLRACE_SECRET: secret }: Config): TextSigner | undefined =>
  secret === undefined ? undefined : createTextSigner(secret);
