import { randomUUID } from 'node:crypto';
import { createAboutRecords } from '../../adapters/about-records.ts';
import { createDeliveryLine } from '../../adapters/delivery-line.ts';
import { createDuePlaylists } from '../../adapters/due-playlists.ts';
import { createGrowthRecords } from '../../adapters/growing-jobs.ts';
import { createJobRecords } from '../../adapters/job-records.ts';
import { migrate } from '../../adapters/migrate.ts';
import { listenTo } from '../../adapters/notifications.ts';
import { openDatabase } from '../../adapters/postgres.ts';
import { queueAges } from '../../adapters/queue-ages.ts';
import { countQueue } from '../../adapters/queue-counts.ts';
import { resolveHost } from '../../adapters/resolve-host.ts';
import { createRetiredGenerations } from '../../adapters/retired-generations.ts';
import { countWaitingTasks } from '../../adapters/waiting-tasks.ts';
import { endedGrantOf, JOB_CHANNEL, LEASE_CHANNEL, WEBHOOK_CHANNEL } from '../../adapters/wake-ups.ts';
import { createWorkerRecords } from '../../adapters/worker-records.ts';
import { Bell } from '../../lib/bell.ts';
import { isPublicAddress } from '../../lib/public-address.ts';
import { ClaimLine } from '../../orchestrate/claim-line.ts';
import { retryPolicy } from '../../orchestrate/retry-policy.ts';
import { runOrchestrator } from '../../orchestrate/run-orchestrator.ts';
import { createOrchestratorServer } from '../../orchestrate/server.ts';
import { sendWebhooks } from '../../orchestrate/webhooks/send-webhooks.ts';
import { WorkerLines } from '../../orchestrate/worker-lines.ts';
import type { Config } from '../config.ts';
import {
  nodeName,
  openStore,
  required,
  storeCheck,
  systemClock,
  uptimeSeconds,
  VERSION,
  workerToken,
} from '../parts.ts';
import type { RoleContext, RunningRole } from '../role.ts';
import { closeApp } from './close-server.ts';
import { addQueueGauges, addWorkerGauges } from './queue-gauges.ts';
import { databaseCheck } from './upload-api.ts';
import { addWaitingGauge } from './waiting-gauge.ts';

const DEFAULT_PORT = 8081;
/** Publishing needs no encoder, and memory only for texts. */
const PUBLISHER = { memoryMib: 1_024, encoders: [] };

export async function startOrchestrator(config: Config, { log, stopping, metrics }: RoleContext): Promise<RunningRole> {
  const role = 'orchestrator';
  const databaseUrl = required(config, 'MILLRACE_DATABASE_URL');
  const store = await openStore(config);
  const db = openDatabase(databaseUrl, (err) => log.warn('database_error', { err }));
  await migrate(db);
  const leaseMs = config.MILLRACE_LEASE_SECONDS * 1000;
  const records = createJobRecords({ db, leaseMs });
  const bells = { work: new Bell(), own: new Bell() };
  const webhookBell = new Bell();
  const decide = retryPolicy(Math.random);
  const line = new ClaimLine({ records, bell: bells.work, log });
  const orchestrator = nodeName(config, role);
  const workers = new WorkerLines({
    records: createWorkerRecords(db),
    orchestrator,
    newConnection: randomUUID,
    log,
    stopping,
  });
  const ringAll = (): void => {
    bells.own.ring();
    bells.work.ring();
  };
  const stopListening = listenTo(databaseUrl, {
    channels: {
      [JOB_CHANNEL]: ringAll,
      [LEASE_CHANNEL]: (payload) => workers.leaseEnded(endedGrantOf(payload)),
      [WEBHOOK_CHANNEL]: () => webhookBell.ring(),
    },
    onConnected: ringAll,
    onError: (err) => log.error('queue_error', { err }),
  });
  const growth = createGrowthRecords(db);
  const growthBell = new Bell();
  const newerCodecs = config.MILLRACE_CODECS.filter((codec) => codec !== 'h264');
  const ladders = { perTitle: config.MILLRACE_LADDER === 'per-title', newerCodecs };
  const settling = { records, decide, bells, log, ladders };
  addWaitingGauge(metrics, () => countWaitingTasks(db));
  addQueueGauges(metrics, { countQueue: () => countQueue(db), queueAges: () => queueAges(db) });
  addWorkerGauges(metrics, { workers, line });
  const app = createOrchestratorServer({
    ...settling,
    growth,
    growthBell,
    line,
    workers,
    stopping,
    workerToken: workerToken(config),
    app: {
      health: {
        role,
        version: VERSION,
        uptimeSeconds,
        checks: { database: databaseCheck(db), objectStore: storeCheck(store) },
      },
      metrics,
      onFault: (err, { method, url }) => log.error('request_failed', { method, url, err }),
    },
  });
  const self = { worker: orchestrator, session: randomUUID(), ...PUBLISHER };
  const times = { leaseMs, reconcileMs: config.MILLRACE_RECONCILE_SECONDS * 1000 };
  const running = Promise.all([
    runOrchestrator(
      {
        ...settling,
        ...times,
        growth,
        growthBell,
        due: createDuePlaylists(db),
        retired: createRetiredGenerations(db),
        about: createAboutRecords(db),
        store,
        line,
        workers,
        self,
        clock: systemClock,
      },
      stopping,
    ),
    sendWebhooks(
      {
        clock: systemClock,
        log,
        line: createDeliveryLine(db),
        bounds: {
          maxAgeMs: config.MILLRACE_WEBHOOK_MAX_AGE_SECONDS * 1000,
          maxWaiting: config.MILLRACE_WEBHOOK_MAX_WAITING,
        },
        resolve: resolveHost,
        isAllowed: (address) => config.MILLRACE_WEBHOOK_PRIVATE || isPublicAddress(address),
        random: Math.random,
        bell: webhookBell,
      },
      stopping,
    ),
  ]);
  const url = await app.listen({ port: config.MILLRACE_PORT ?? DEFAULT_PORT, host: config.MILLRACE_HOST });
  return {
    url,
    async stop() {
      await closeApp(app);
      await running;
      await stopListening();
      await db.destroy();
    },
  };
}
