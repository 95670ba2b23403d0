import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { createIngestRecords } from '../../src/adapters/ingest-records.ts';
import type { Database } from '../../src/adapters/postgres.ts';
import { createUploadRecords } from '../../src/adapters/upload-records.ts';
import { createVideoRecords } from '../../src/adapters/video-records.ts';
import type { UploadId } from '../../src/domain/ids.ts';
import { Bell } from '../../src/lib/bell.ts';
import { silentLog } from '../../src/lib/log.ts';
import { createMetrics } from '../../src/lib/metrics.ts';
import { isPublicAddress } from '../../src/lib/public-address.ts';
import { KeyRing } from '../../src/upload/key-ring.ts';
import { PartPool } from '../../src/upload/part-pool.ts';
import { createUploadApi } from '../../src/upload/server.ts';
import type { MemoryObjectStore } from '../fakes/memory-object-store.ts';
import { startDatabase } from './database.ts';
import { newVideoId } from './job-world.ts';
import { seeingWork } from './seeing-work.ts';

export type UploadApiWorld = AsyncDisposable & {
  readonly url: string;
  readonly db: Database;
  readonly store: MemoryObjectStore;
  readonly empty: () => Promise<void>;
};

type Options = { readonly store: MemoryObjectStore; readonly maxUploadBytes: number };

const UPLOAD_LEASE_MS = 4_000;
const UPLOAD_EXPIRY_MS = 60_000;
const UPLOAD_IDLE_MS = 30_000;

/** The public API on a real PostgreSQL, with objects in memory. */
export async function startUploadApi({ store, maxUploadBytes }: Options): Promise<UploadApiWorld> {
  await using owned = new AsyncDisposableStack();
  const { db, url: databaseUrl } = owned.use(await startDatabase());
  const seeing = seeingWork({ db, url: databaseUrl });
  owned.defer(seeing.stop);
  const app = await createUploadApi({
    ...seeing.deps,
    store,
    keyRing: new KeyRing({ fixed: undefined, clock: { nowMs: () => Date.now() } }),
    records: createVideoRecords(db),
    uploads: createUploadRecords({ db, leaseMs: UPLOAD_LEASE_MS, expiryMs: UPLOAD_EXPIRY_MS }),
    ingests: createIngestRecords({ db, leaseMs: UPLOAD_LEASE_MS }),
    isAllowed: isPublicAddress,
    ingestDeadlineMs: 60_000,
    bell: new Bell(),
    clock: { nowMs: () => Date.now() },
    log: silentLog(),
    newVideoId,
    newUploadId: () => randomBytes(16).toString('hex') as UploadId,
    partPool: new PartPool({ memoryBytes: 64 * 1024 * 1024, clock: { nowMs: () => Date.now() } }),
    maxTransfers: 64,
    uploadIdleMs: UPLOAD_IDLE_MS,
    maxUploadBytes,
    version: '1.2.3',
    pagesFolder: undefined,
    app: {
      health: { role: 'upload-api', version: '1.2.3', uptimeSeconds: () => 1, checks: {} },
      metrics: createMetrics('upload-api'),
      onFault: (error, { method, url }) => console.error(`a fault in ${method} ${url}:`, error),
    },
  });
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  owned.defer(() => {
    app.server.closeAllConnections();
    return app.close();
  });
  const empty = async (): Promise<void> => {
    await sql`truncate videos, events cascade`.execute(db);
    for (const key of store.keys()) await store.delete(key as Parameters<MemoryObjectStore['delete']>[0]);
  };
  const kept = owned.move();
  return { url, db, store, empty, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
