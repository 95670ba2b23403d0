import { timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { DomainError } from '../domain/errors.ts';
import type { GrowthRecords } from '../domain/growth.ts';
import type { TaskId } from '../domain/ids.ts';
import type { JobRecords, TaskRef } from '../domain/job-records.ts';
import type { TaskFailure, TaskResult } from '../domain/tasks.ts';
import { type App, type AppOptions, createApp } from '../lib/app.ts';
import type { Bell } from '../lib/bell.ts';
import type { ClaimLine } from './claim-line.ts';
import { completeMessage, failMessage, reportMessage, taskParams, tokenMessage, workerMessage } from './messages.ts';
import { refuseOldWorkers } from './refuse-old-workers.ts';
import { type CompleteDeps, completeTask, failTask, returnTask } from './settle-task.ts';
import type { WorkerLines } from './worker-lines.ts';

export type OrchestratorDeps = CompleteDeps & {
  readonly records: Pick<JobRecords, 'renew'>;
  readonly growth: Pick<GrowthRecords, 'report'>;
  /** Rings when there may be something to grow. */
  readonly growthBell: Bell;
  readonly line: ClaimLine;
  readonly workers: WorkerLines;
  readonly workerToken: string;
  readonly stopping: AbortSignal;
  /** Workers that speak an older one are refused; unset, what worker-contract.ts says. */
  readonly oldestContract?: number;
  readonly app: Pick<AppOptions, 'health' | 'metrics' | 'onFault'>;
};

/** A result of the longest allowed video, a day, lists some 100,000 segments. */
const BODY_LIMIT_BYTES = 16 * 1024 * 1024;
/** A worker's claim waits this long for a task before it is answered with none. */
const CLAIM_WAIT_MS = 10_000;

/** What workers call. */
export function createOrchestratorServer(deps: OrchestratorDeps): App {
  const app = createApp({ ...deps.app, bodyLimitBytes: BODY_LIMIT_BYTES });
  app.addHook('onRequest', async (request) => {
    // What was matched, not what was sent: `/%74asks/claim` and `http://x/tasks/claim` are the same route.
    if (/^\/(tasks|workers)\//.test(request.routeOptions.url ?? '')) assertWorker(request, deps.workerToken);
  });

  const assertNewEnough = refuseOldWorkers(deps);
  app.post('/workers/connect', { schema: { body: workerMessage } }, async (request, reply) => {
    assertNewEnough(request.body);
    await deps.workers.connect(request.body, reply.raw);
    return reply.hijack();
  });

  app.post('/tasks/claim', { schema: { body: workerMessage } }, async (request, reply) => {
    assertNewEnough(request.body);
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    const enough = AbortSignal.any([gone.signal, deps.stopping, AbortSignal.timeout(CLAIM_WAIT_MS)]);
    const task = await deps.line.claim(request.body, enough);
    // It hung up in this very moment: the next one may have it at once.
    if (task && gone.signal.aborted) return returnTask(task, deps);
    return task ?? reply.code(204).send();
  });

  const of = { params: taskParams };
  app.post('/tasks/:taskId/renew', { schema: { ...of, body: tokenMessage } }, async (request, reply) => {
    await deps.records.renew(refOf(request));
    return reply.code(204).send();
  });
  app.post('/tasks/:taskId/report', { schema: { ...of, body: reportMessage } }, async (request, reply) => {
    await deps.growth.report(refOf(request), request.body.renditions);
    deps.growthBell.ring();
    return reply.code(204).send();
  });
  app.post('/tasks/:taskId/complete', { schema: { ...of, body: completeMessage } }, async (request, reply) => {
    await completeTask(refOf(request), request.body.result as TaskResult, deps);
    deps.growthBell.ring();
    return reply.code(204).send();
  });
  app.post('/tasks/:taskId/fail', { schema: { ...of, body: failMessage } }, async (request, reply) => {
    await failTask(refOf(request), request.body.failure as TaskFailure, deps);
    return reply.code(204).send();
  });
  app.post('/tasks/:taskId/return', { schema: { ...of, body: tokenMessage } }, async (request, reply) => {
    await returnTask(refOf(request), deps);
    return reply.code(204).send();
  });
  return app;
}

const refOf = (request: { params: { taskId: string }; body: { token: number } }): TaskRef => ({
  taskId: request.params.taskId as TaskId,
  token: request.body.token,
});

function assertWorker(request: FastifyRequest, workerToken: string): void {
  const given = Buffer.from(request.headers.authorization ?? '');
  const wanted = Buffer.from(`Bearer ${workerToken}`);
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) throw new DomainError('unauthorized');
}
