import { createServer, type Server, type ServerResponse } from 'node:http';
import { DomainError } from '../domain/errors.ts';
import type { Clock, ObjectStore } from '../domain/ports.ts';
import { boundServer } from '../lib/bound-server.ts';
import { type Check, checkHealth, type HealthOptions, remembered } from '../lib/health.ts';
import { sendJson, sendProblem } from '../lib/send.ts';
import type { Sandbox } from './sandbox.ts';
import type { WorkerStatus } from './worker-status.ts';

export type WorkerServerDeps = {
  readonly store: Pick<ObjectStore, 'check'>;
  readonly sandbox: Sandbox;
  readonly status: WorkerStatus;
  readonly clock: Clock;
  readonly version: string;
  /** Asks the orchestrator itself: what the last claim met may be old news. */
  readonly checkOrchestrator: Check;
};

/** The check of a store writes and deletes an object; being asked for health often must not cost that each time. */
const STORE_CHECK_MS = 10_000;

/** `/health` and `/metrics`. It is not listening yet; whoever calls `listen` also closes it. */
export function createWorkerServer(deps: WorkerServerDeps): Server {
  const health = healthOf(deps);
  return boundServer(
    createServer((request, response) => {
      answer(request.url ?? '', response, { health, status: deps.status }).catch((error) =>
        sendProblem(response, error),
      );
    }),
  );
}

type Answers = { readonly health: HealthOptions; readonly status: WorkerStatus };

async function answer(path: string, response: ServerResponse, { health, status }: Answers): Promise<void> {
  switch (path) {
    case '/health': {
      const report = await checkHealth(health);
      return sendJson(response, report.status === 'ok' ? 200 : 503, report);
    }
    case '/metrics': {
      const text = await status.registry.metrics();
      response.writeHead(200, { 'Content-Type': status.registry.contentType });
      return void response.end(text);
    }
    default:
      sendProblem(response, new DomainError('no_such_page'));
  }
}

/** What `/health` looks at. */
export function healthOf({
  store,
  sandbox,
  status,
  checkOrchestrator,
  clock,
  version,
}: WorkerServerDeps): HealthOptions {
  const startedMs = clock.nowMs();
  const checkStore = async (signal: AbortSignal): Promise<undefined> => {
    await store.check(signal);
  };
  return {
    role: 'worker',
    version,
    uptimeSeconds: () => (clock.nowMs() - startedMs) / 1000,
    checks: {
      objectStore: remembered(checkStore, STORE_CHECK_MS, () => clock.nowMs()),
      orchestrator: checkOrchestrator,
      claiming: async () => {
        if (status.isStorePaused()) throw new Error('no task is claimed until the object store answers');
        return undefined;
      },
      // Tried once at the start, without which there is no worker.
      ffmpeg: async () => `${sandbox.ffmpegVersion}, sandbox: ${sandbox.name}`,
    },
  };
}
