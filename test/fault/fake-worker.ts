/**
 * A worker without ffmpeg, for runs of many faults: `node test/fault/fake-worker.ts`, with the settings of
 * `millrace worker`. Lender, leases, connection, store and partial results are the real ones; only the encoder is not
 * (fake-encoder.ts): a source of n bytes is a video of n seconds.
 *
 *   MILLRACE_TEST_SEGMENT_MS    how long a segment of a rendition takes: `20`, or by chance between two: `5-40` (default)
 *   MILLRACE_TEST_POISON_BYTES  a source of this size kills every worker that encodes its second chunk or a later one
 */
import { createHttpTaskLender } from '../../src/adapters/http-task-lender.ts';
import { listenOn } from '../../src/lib/listen.ts';
import { type Config, parseConfig } from '../../src/main/config.ts';
import { openStore, systemClock, VERSION, workerToken } from '../../src/main/parts.ts';
import { type RoleContext, type RunningRole, runRole } from '../../src/main/role.ts';
import { closeServer } from '../../src/main/roles/close-server.ts';
import { orchestratorCheck, workerInfo } from '../../src/main/roles/worker.ts';
import { createWorkerServer } from '../../src/transcode/server.ts';
import { runWorker } from '../../src/transcode/worker.ts';
import { createWorkerStatus } from '../../src/transcode/worker-status.ts';
import { fakeEncoder } from './fake-encoder.ts';

const config = parseConfig(process.env);
const { MILLRACE_TEST_SEGMENT_MS = '5-40', MILLRACE_TEST_POISON_BYTES } = process.env;
await runRole(config, 'worker', (context) => startFakeWorker(config, context));

async function startFakeWorker(config: Config, { log, stopping, metrics }: RoleContext): Promise<RunningRole> {
  const store = await openStore(config);
  const sandbox = { name: 'none', prefix: [], env: {}, ffmpegVersion: 'none: a fake encoder' } as const;
  const status = createWorkerStatus(metrics);
  const urls = config.MILLRACE_ORCHESTRATOR_URL;
  const common = { store, sandbox, status, clock: systemClock };
  const server = createWorkerServer({ ...common, version: VERSION, checkOrchestrator: orchestratorCheck(urls) });
  const url = await listenOn(server, config.MILLRACE_PORT ?? 0, config.MILLRACE_HOST);
  const working = runWorker({
    ...common,
    lender: createHttpTaskLender({ urls, token: workerToken(config) }),
    worker: workerInfo(config, ['libx264', 'aac']),
    performTask: fakeEncoder(fakeWork()),
    sources: {
      lend: () => {
        throw new Error('the fake encoder reads no source');
      },
    },
    slots: 1,
    random: Math.random,
    log,
    stopping,
  });
  return {
    url,
    async stop() {
      await working;
      await closeServer(server);
    },
  };
}

function fakeWork() {
  const [fromMs = 0, toMs = fromMs] = MILLRACE_TEST_SEGMENT_MS.split('-').map(Number);
  const segmentMs = (): number => fromMs + Math.random() * (toMs - fromMs);
  return { segmentMs, ...(MILLRACE_TEST_POISON_BYTES ? { poisonBytes: Number(MILLRACE_TEST_POISON_BYTES) } : {}) };
}
