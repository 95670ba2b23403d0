import { onJobQueued } from '../../adapters/job-notifications.ts';
import { createJobRecords } from '../../adapters/job-records.ts';
import { openTaskQueue } from '../../adapters/pg-boss-queue.ts';
import { migrate, openDatabase } from '../../adapters/postgres.ts';
import { Bell } from '../../lib/bell.ts';
import { createMetrics } from '../../lib/metrics.ts';
import { runOrchestrator } from '../../orchestrate/run-orchestrator.ts';
import { createOrchestratorServer } from '../../orchestrate/server.ts';
import type { Config } from '../config.ts';
import { nodeName, openStore, required, storeCheck, uptimeSeconds, VERSION, workerToken } from '../parts.ts';
import type { RoleContext, RunningRole } from '../role.ts';
import { databaseCheck } from './upload-api.ts';

const DEFAULT_PORT = 8081;

export async function startOrchestrator(config: Config, { log, stopping }: RoleContext): Promise<RunningRole> {
  const databaseUrl = required(config, 'MILLRACE_DATABASE_URL');
  const store = await openStore(config);
  const db = openDatabase(databaseUrl, (err) => log.warn('database_error', { err }));
  await migrate(db);
  const leaseSeconds = config.MILLRACE_LEASE_SECONDS;
  const onError = (err: Error): void => log.error('queue_error', { err });
  const queue = await openTaskQueue({ databaseUrl, leaseSeconds, onError });
  const records = createJobRecords({ db, queue, leaseMs: leaseSeconds * 1000 });
  const bell = new Bell();
  const stopListening = onJobQueued(databaseUrl, () => bell.ring(), onError);
  const role = 'orchestrator';
  const app = createOrchestratorServer({
    records,
    bell,
    log,
    stopping,
    workerToken: workerToken(config),
    app: {
      health: {
        role,
        version: VERSION,
        uptimeSeconds,
        checks: { database: databaseCheck(db), objectStore: storeCheck(store) },
      },
      metrics: createMetrics(role),
      onFault: (err, { method, url }) => log.error('request_failed', { method, url, err }),
    },
  });
  const running = runOrchestrator({ records, store, bell, log, node: nodeName(config, role) }, stopping);
  const url = await app.listen({ port: config.MILLRACE_PORT ?? DEFAULT_PORT, host: config.MILLRACE_HOST });
  return {
    url,
    async stop() {
      await app.close();
      await running;
      await stopListening();
      await queue.stop();
      await db.destroy();
    },
  };
}
