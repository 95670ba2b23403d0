import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { DomainError } from '../../src/domain/errors.ts';
import type { TaskId } from '../../src/domain/ids.ts';
import type { WorkerInfo } from '../../src/domain/ports.ts';
import type { LentTask, StoredRendition, TaskFailure, TaskResult } from '../../src/domain/tasks.ts';
import { sendProblem } from '../../src/lib/send.ts';
import type { MemoryTaskLender } from './memory-task-lender.ts';

export const LENDER_TOKEN = 'the token of a test';

type Call = { readonly path: string; readonly atMs: number };

/** Lends the tasks of a memory lender over real HTTP, in the form that orchestrators speak. Keeps a list of all calls. */
export function orchestratorOver(lender: MemoryTaskLender): { server: Server; calls: Call[] } {
  const calls: Call[] = [];
  const server = createServer((request, response) => {
    calls.push({ path: request.url ?? '', atMs: performance.now() });
    answer(request, response, lender).catch((error) => {
      if (!response.headersSent) sendProblem(response, error);
    });
  });
  return { server, calls };
}

async function answer(request: IncomingMessage, response: ServerResponse, lender: MemoryTaskLender): Promise<void> {
  if (request.headers.authorization !== `Bearer ${LENDER_TOKEN}`) throw new DomainError('unauthorized');
  const body = (await json(request)) as Record<string, unknown>;
  const gone = new AbortController();
  response.once('close', () => gone.abort(new Error('the worker hung up')));
  const path = request.url ?? '';
  if (path === '/workers/connect') return connect(body as WorkerInfo, response, lender, gone.signal);
  if (path === '/tasks/claim') {
    const task = await lender.claim(body as WorkerInfo, gone.signal);
    if (!task) return void response.writeHead(204).end();
    return void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(task));
  }
  const [, , taskId, verb = ''] = path.split('/');
  await settle(verb, { ...body, taskId: taskId as TaskId }, lender);
  response.writeHead(204).end();
}

/** Beats often, so that tests need not wait for one. */
const BEAT_MS = 100;

async function connect(
  worker: WorkerInfo,
  response: ServerResponse,
  lender: MemoryTaskLender,
  gone: AbortSignal,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  const tell = (news: unknown): void => void response.write(`${JSON.stringify(news)}\n`);
  const beats = setInterval(() => tell({ news: 'beat' }), BEAT_MS);
  try {
    await lender.connect(worker, tell, gone);
    response.end();
  } finally {
    clearInterval(beats);
  }
}

type Settling = { taskId: TaskId; token?: number; result?: unknown; failure?: unknown; renditions?: unknown };

async function settle(
  verb: string,
  { taskId, token, result, failure, renditions }: Settling,
  lender: MemoryTaskLender,
) {
  const task = { taskId, token } as LentTask;
  switch (verb) {
    case 'report':
      return lender.report(task, renditions as StoredRendition[]);
    case 'renew':
      return lender.renew(task);
    case 'complete':
      return lender.complete(task, result as TaskResult);
    case 'fail':
      return lender.fail(task, failure as TaskFailure);
    case 'return':
      return lender.giveBack(task);
    default:
      throw new DomainError('no_such_page');
  }
}
