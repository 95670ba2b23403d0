import { randomBytes } from 'node:crypto';
import { createHttpTaskLender } from '../../adapters/http-task-lender.ts';
import { listenOn } from '../../lib/listen.ts';
import { findSandbox } from '../../transcode/sandbox.ts';
import { createWorkerServer } from '../../transcode/server.ts';
import { SourceServer } from '../../transcode/source-server.ts';
import { runWorker } from '../../transcode/worker.ts';
import { createWorkerStatus } from '../../transcode/worker-status.ts';
import type { Config } from '../config.ts';
import { nodeName, openStore, systemClock, VERSION, workerToken } from '../parts.ts';
import type { RoleContext, RunningRole } from '../role.ts';
import { closeServer } from './close-server.ts';

const DEFAULT_PORT = 8082;

/** A worker is one core: more cores are more workers. */
const CORES = 1;

export async function startWorker(config: Config, { log, stopping }: RoleContext): Promise<RunningRole> {
  const store = await openStore(config);
  const sandbox = await findSandbox();
  const status = createWorkerStatus();
  const sources = await SourceServer.start({ store, newToken: () => randomBytes(16).toString('hex') });
  const checkOrchestrator = async (signal: AbortSignal): Promise<undefined> => {
    await fetch(new URL('/health', config.MILLRACE_ORCHESTRATOR_URL), { signal }).catch((cause) => {
      throw new Error(`nothing answers at ${config.MILLRACE_ORCHESTRATOR_URL}`, { cause });
    });
  };
  const server = createWorkerServer({
    store,
    sandbox,
    status,
    clock: systemClock,
    version: VERSION,
    checkOrchestrator,
  });
  const working = runWorker({
    lender: createHttpTaskLender({ url: config.MILLRACE_ORCHESTRATOR_URL, token: workerToken(config) }),
    worker: { worker: nodeName(config, 'worker'), cores: CORES },
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
  const url = await listenOn(server, config.MILLRACE_PORT ?? DEFAULT_PORT, config.MILLRACE_HOST);
  return {
    url,
    async stop() {
      await working;
      await sources[Symbol.asyncDispose]();
      await closeServer(server);
    },
  };
}
