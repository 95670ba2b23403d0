import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkDatabase, type Database, migrate, openDatabase } from '../../adapters/postgres.ts';
import { createVideoRecords } from '../../adapters/video-records.ts';
import type { LogEvent } from '../../domain/log-events.ts';
import type { App } from '../../lib/app.ts';
import type { Log } from '../../lib/log.ts';
import { createMetrics } from '../../lib/metrics.ts';
import { createUploadApi } from '../../upload/server.ts';
import type { Config } from '../config.ts';
import { newVideoId, openStore, PROJECT_ROOT, required, storeCheck, uptimeSeconds, VERSION } from '../parts.ts';

export type UploadApi = { readonly app: App; readonly close: () => Promise<void> };

/** The upload-api, ready to listen. */
export async function wireUploadApi(config: Config, log: Log<LogEvent>): Promise<UploadApi> {
  const store = await openStore(config);
  const db = openDatabase(required(config, 'MILLRACE_DATABASE_URL'), (err) => log.warn('database_error', { err }));
  await migrate(db);
  const pages = join(PROJECT_ROOT, 'web', 'dist');
  const app = await createUploadApi({
    store,
    records: createVideoRecords(db),
    log,
    newVideoId,
    maxUploadBytes: config.MILLRACE_MAX_UPLOAD_BYTES,
    version: VERSION,
    pagesFolder: existsSync(pages) ? pages : undefined,
    app: {
      health: {
        role: 'upload-api',
        version: VERSION,
        uptimeSeconds,
        checks: { database: databaseCheck(db), objectStore: storeCheck(store) },
      },
      metrics: createMetrics('upload-api'),
      onFault: (err, { method, url }) => log.error('request_failed', { method, url, err }),
    },
  });
  await app.ready();
  const close = async (): Promise<void> => {
    await app.close();
    await db.destroy();
  };
  return { app, close };
}

export const databaseCheck = (db: Database) => async (): Promise<undefined> => void (await checkDatabase(db));
