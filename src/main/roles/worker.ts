import { randomBytes, randomUUID } from 'node:crypto';
import { createHttpTaskLender } from '../../adapters/http-task-lender.ts';
import type { WorkerInfo } from '../../domain/ports.ts';
import { FEATURES, WORKER_CONTRACT } from '../../domain/worker-contract.ts';
import { listenOn } from '../../lib/listen.ts';
import { findEncoders } from '../../transcode/find-encoders.ts';
import { performTask } from '../../transcode/perform-task.ts';
import { findSandbox } from '../../transcode/sandbox.ts';
import { createWorkerServer } from '../../transcode/server.ts';
import { SourceServer } from '../../transcode/source-server.ts';
import { runWorker } from '../../transcode/worker.ts';
import { createWorkerStatus } from '../../transcode/worker-status.ts';
import type { Config } from '../config.ts';
import { machineMemoryMib } from '../machine-memory.ts';
import { nodeName, openStore, systemClock, VERSION, workerToken } from '../parts.ts';
import type { RoleContext, RunningRole } from '../role.ts';
import { closeServer } from './close-server.ts';

const DEFAULT_PORT = 8082;

/** A worker is one core: more cores are more workers. */
const CORES = 1;

export async function startWorker(config: Config, { log, stopping, metrics }: RoleContext): Promise<RunningRole> {
  const store = await openStore(config);
  const sandbox = await findSandbox();
  const encoders = await findEncoders(sandbox);
  const status = createWorkerStatus(metrics);
  const server = createWorkerServer({
    store,
    sandbox,
    status,
    clock: systemClock,
    version: VERSION,
    checkOrchestrator: orchestratorCheck(config.MILLRACE_ORCHESTRATOR_URL),
  });
  // Before the first claim: a port that is taken must not cost anybody a lease.
  const url = await listenOn(server, config.MILLRACE_PORT ?? DEFAULT_PORT, config.MILLRACE_HOST);
  const sources = await SourceServer.start({
    store,
    clock: systemClock,
    newToken: () => randomBytes(16).toString('hex'),
  });
  const working = runWorker({
    lender: createHttpTaskLender({ urls: config.MILLRACE_ORCHESTRATOR_URL, token: workerToken(config) }),
    worker: workerInfo(config, encoders),
    performTask,
    slots: CORES,
    random: Math.random,
    clock: systemClock,
    store,
    sandbox,
    sources,
    status,
    log,
    stopping,
  });
  return {
    url,
    async stop() {
      await working;
      await sources[Symbol.asyncDispose]();
      await closeServer(server);
    },
  };
}

/** What this start of a worker says of itself. */
export const workerInfo = (config: Config, encoders: readonly string[]): WorkerInfo => ({
  worker: nodeName(config, 'worker'),
  session: randomUUID(),
  version: VERSION,
  contract: WORKER_CONTRACT,
  cores: CORES,
  memoryMib: config.MILLRACE_WORKER_MEMORY_MIB ?? machineMemoryMib(),
  encoders: [...encoders, ...FEATURES],
});

/** One of them is enough. */
export const orchestratorCheck =
  (urls: readonly string[]) =>
  async (signal: AbortSignal): Promise<undefined> => {
    await Promise.any(urls.map((url) => fetch(new URL('/health', url), { signal }))).catch((cause) => {
      throw new Error(`nothing answers at ${urls.join(', ')}`, { cause });
    });
  };
