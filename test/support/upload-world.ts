import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { sql } from 'kysely';
import { Registry } from 'prom-client';
import { createIngestRecords } from '../../src/adapters/ingest-records.ts';
import { createUploadRecords } from '../../src/adapters/upload-records.ts';
import { createVideoRecords } from '../../src/adapters/video-records.ts';
import { shortIdFrom, type UploadId, type VideoId } from '../../src/domain/ids.ts';
import type { ObjectStore, VideoRecords } from '../../src/domain/ports.ts';
import type { UploadRecords } from '../../src/domain/upload-records.ts';
import type { App } from '../../src/lib/app.ts';
import { Bell } from '../../src/lib/bell.ts';
import { isPublicAddress } from '../../src/lib/public-address.ts';
import { createTextSigner } from '../../src/lib/sign-text.ts';
import { KeyRing } from '../../src/upload/key-ring.ts';
import { PartPool } from '../../src/upload/part-pool.ts';
import { createUploadApi } from '../../src/upload/server.ts';
import { sweepUploads } from '../../src/upload/sweep-uploads.ts';
import { type CapturedLine, capturedLog } from '../fakes/captured-log.ts';
import { MemoryObjectStore } from '../fakes/memory-object-store.ts';
import { SECRET } from '../fakes/playable-video.ts';
import type { TestDatabase } from './database.ts';
import { seeingWork } from './seeing-work.ts';

export type UploadWorldOptions = {
  readonly store?: ObjectStore;
  /** Instead of those in the database. */
  readonly records?: VideoRecords;
  readonly uploads?: UploadRecords;
  readonly maxUploadBytes?: number;
  readonly idleMs?: number;
  readonly leaseMs?: number;
  readonly maxTransfers?: number;
  readonly transferWaitMs?: number;
  readonly memoryBytes?: number;
  readonly maxStreams?: number;
  readonly apiKeys?: readonly string[];
  readonly keyRing?: KeyRing;
};

export const MiB = 1024 * 1024;

/** One upload-api with its own pool of nothing: the database is shared, the store given or its own. */
export class UploadApi {
  readonly url: string;
  readonly store: ObjectStore;
  readonly uploads: UploadRecords;
  readonly lines: CapturedLine[];
  readonly #app: App;
  readonly #log: ReturnType<typeof capturedLog>['log'];
  readonly #stopSeeing: () => Promise<void>;

  private constructor(
    app: App,
    stopSeeing: () => Promise<void>,
    url: string,
    of: Pick<UploadApi, 'store' | 'uploads'>,
    log: ReturnType<typeof capturedLog>,
  ) {
    this.#app = app;
    this.#stopSeeing = stopSeeing;
    this.url = url;
    this.store = of.store;
    this.uploads = of.uploads;
    this.lines = log.lines;
    this.#log = log.log;
  }

  static async start(
    { db, url: databaseUrl }: Pick<TestDatabase, 'db' | 'url'>,
    options: UploadWorldOptions = {},
  ): Promise<UploadApi> {
    const {
      store = new MemoryObjectStore(),
      maxUploadBytes = 1024 * MiB,
      idleMs = 30_000,
      leaseMs = 4_000,
      maxTransfers = 64,
    } = options;
    const { records = createVideoRecords(db), uploads = createUploadRecords({ db, leaseMs, expiryMs: 3_600_000 }) } =
      options;
    const captured = capturedLog();
    const clock = { nowMs: () => Date.now() };
    const seeing = seeingWork({ db, url: databaseUrl });
    const app = await createUploadApi({
      ...seeing.deps,
      ...(options.maxStreams === undefined ? {} : { maxStreams: options.maxStreams }),
      store,
      records,
      uploads,
      clock,
      playbackSigner: createTextSigner(SECRET),
      keyRing: options.keyRing ?? new KeyRing({ fixed: options.apiKeys, clock }),
      log: captured.log,
      newVideoId: () => shortIdFrom(randomBytes(10)) as VideoId,
      newUploadId: () => randomBytes(16).toString('hex') as UploadId,
      partPool: new PartPool({ memoryBytes: options.memoryBytes ?? 64 * MiB, clock }),
      uploadIdleMs: idleMs,
      maxUploadBytes,
      maxTransfers,
      ...(options.transferWaitMs === undefined ? {} : { transferWaitMs: options.transferWaitMs }),
      version: '0',
      pagesFolder: undefined,
      ingests: createIngestRecords({ db, leaseMs }),
      isAllowed: isPublicAddress,
      ingestDeadlineMs: 60_000,
      bell: new Bell(),
      app: {
        health: { role: 'upload-api', version: '0', uptimeSeconds: () => 0, checks: {} },
        metrics: new Registry(),
        onFault: (err) => captured.log.error('request_failed', { err }),
      },
    });
    const url = await app.listen({ port: 0, host: '127.0.0.1' });
    return new UploadApi(app, seeing.stop, url, { store, uploads }, captured);
  }

  sweep(): Promise<boolean> {
    return sweepUploads({ store: this.store, uploads: this.uploads, log: this.#log });
  }

  async keys(prefix = ''): Promise<string[]> {
    const { objects } = await this.store.list(prefix);
    return objects.map(({ key }) => key);
  }

  async json(path: string): Promise<Record<string, unknown>> {
    return (await (await fetch(this.url + path)).json()) as Record<string, unknown>;
  }

  async source(videoId: string): Promise<Buffer> {
    const answer = await fetch(`${this.url}/videos/${videoId}/source`);
    if (!answer.ok) throw new Error(`source of ${videoId}: ${answer.status}`);
    return Buffer.from(await answer.arrayBuffer());
  }

  /** Connections that stand. */
  connections(): Promise<number> {
    return promisify(this.#app.server.getConnections.bind(this.#app.server))();
  }

  /** As when the process is told to stop. */
  stopStreams(): Promise<void> {
    return this.#stopSeeing();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stopSeeing();
    this.#app.server.closeAllConnections();
    await this.#app.close();
  }
}

/** The upload has had no byte for longer than it may. */
export async function expire({ db }: TestDatabase, url: string): Promise<void> {
  await db
    .updateTable('uploads')
    .set({ expires_at: sql`clock_timestamp() - interval '1 second'` })
    .where('id', '=', uploadIdOf(url))
    .execute();
}

export const uploadIdOf = (url: string): UploadId => new URL(url).pathname.split('/').at(-1) as UploadId;
