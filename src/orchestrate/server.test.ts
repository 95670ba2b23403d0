import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import { capturedLog } from '../../test/fakes/captured-log.ts';
import { eventually } from '../../test/support/eventually.ts';
import { createHttpTaskLender } from '../adapters/http-task-lender.ts';
import { DomainError } from '../domain/errors.ts';
import type { TaskId } from '../domain/ids.ts';
import type { WorkerInfo, WorkerNews } from '../domain/ports.ts';
import type { LentTask } from '../domain/tasks.ts';
import { Bell } from '../lib/bell.ts';
import { ClaimLine } from './claim-line.ts';
import { retryPolicy } from './retry-policy.ts';
import { createOrchestratorServer, type OrchestratorDeps } from './server.ts';
import { WorkerLines } from './worker-lines.ts';

const TOKEN = 'a token that workers hold';
const TASK = '00000000-0000-4000-8000-00000000000a' as TaskId;
const WORKER: WorkerInfo = {
  worker: 'w-1',
  session: randomUUID(),
  version: '1.0.0',
  cores: 1,
  memoryMib: 2_048,
  encoders: ['aac', 'libx264'],
};

test('without its token nobody gets an answer, whatever it asks', async () => {
  await using server = await orchestrator();
  for (const path of ['/workers/connect', '/tasks/claim', `/tasks/${TASK}/complete`, `/tasks/${TASK}/renew`])
    for (const token of ['', 'another', `${TOKEN}!`]) {
      const response = await server.post(path, WORKER, token);
      assert.deepEqual([path, response.status], [path, 401]);
    }
  assert.deepEqual([server.asked, server.noted], [[], []]);
});

test('a target that is written in another way needs the token as well', async () => {
  await using server = await orchestrator();
  for (const target of ['/%74asks/claim', '/tasks/%63laim', '/workers/connec%74', 'http://orchestrator/tasks/claim']) {
    const { hostname, port } = new URL(server.url);
    const headers = { 'content-type': 'application/json' };
    const asking = request({ hostname, port, path: target, method: 'POST', headers }).end(JSON.stringify(WORKER));
    const [response] = (await once(asking, 'response')) as [IncomingMessage];
    response.resume();
    assert.deepEqual([target, response.statusCode], [target, 401]);
  }
  assert.deepEqual([server.asked, server.noted], [[], []]);
});

test('a worker that does not say what it is gets a 400, and nothing is lent or noted', async () => {
  await using server = await orchestrator();
  for (const body of [{}, { ...WORKER, session: 'x' }, { ...WORKER, cores: 0 }, { ...WORKER, encoders: 'libx264' }])
    for (const path of ['/workers/connect', '/tasks/claim'])
      assert.equal((await server.post(path, body)).status, 400, JSON.stringify(body));
  assert.deepEqual([server.asked, server.noted], [[], []]);
});

test('a worker of a version that is too old is refused in words, and each is logged once', async () => {
  await using server = await orchestrator({ oldestContract: 2 });
  for (const path of ['/workers/connect', '/tasks/claim']) {
    const answer = await server.post(path, WORKER);
    const { code, detail } = (await answer.json()) as { code: string; detail: string };
    assert.deepEqual([answer.status, code], [409, 'worker_too_old']);
    assert.match(detail, /speaks contract 1, and 2 is needed: upgrade it/);
  }
  const { worker, session, version } = WORKER;
  const refused = server.lines.filter(({ event }) => event === 'worker_refused');
  assert.deepEqual(
    refused.map(({ level, ...said }) => [level, said.worker, said.session, said.version, said.contract]),
    [['warn', worker, session, version, 1]],
  );
  const lender = createHttpTaskLender({ urls: [server.url], token: TOKEN });
  await assert.rejects(
    lender.connect(WORKER, () => {}, AbortSignal.timeout(5_000)),
    { code: 'worker_too_old' },
  );
  assert.deepEqual([server.asked, server.noted], [[], []]);
});

test('a worker that connects hears beats, and is told of the end of its own grants only', async () => {
  await using server = await orchestrator();
  const line = await server.connect();
  assert.deepEqual(await line.next(), { news: 'beat' });
  const ended = { taskId: TASK, token: 3 };
  server.workers.leaseEnded({ session: randomUUID(), ...ended });
  server.workers.leaseEnded({ session: WORKER.session, ...ended });
  assert.deepEqual(await line.next(), { news: 'lease_ended', ...ended });
  assert.deepEqual(await line.next(), { news: 'beat' });
  line.close();
});

test('that a worker went is noted under the name of its connection', async () => {
  await using server = await orchestrator();
  const [first, second] = [await server.connect(), await server.connect()];
  first.close();
  await eventually('it was noted', () => server.noted.length === 3);
  const [one, other, gone] = server.noted;
  assert.deepEqual([one?.what, other?.what, gone?.what], ['connected', 'connected', 'disconnected']);
  assert.equal(gone?.connection, one?.connection);
  assert.notEqual(one?.connection, other?.connection);
  assert.equal(server.workers.size, 1);
  second.close();
});

test('beats go on while the database is silent', async () => {
  const silent = Promise.withResolvers<void>();
  await using server = await orchestrator({ seen: () => silent.promise });
  const line = await server.connect();
  for (let beats = 0; beats < 4; beats++) assert.deepEqual(await line.next(), { news: 'beat' });
  silent.resolve();
  line.close();
});

test('an orchestrator that stops ends the connections, and notes nobody as gone', async () => {
  const server = await orchestrator();
  const line = await server.connect();
  await server[Symbol.asyncDispose]();
  await line.ended;
  assert.deepEqual(
    server.noted.map((note) => note.what),
    ['connected'],
  );
});

test('without database a worker is told to come again, and may ask another orchestrator', async () => {
  await using server = await orchestrator({ isDown: true });
  assert.equal((await server.post('/workers/connect', WORKER)).status, 503);
  const claim = server.post('/tasks/claim', WORKER);
  await eventually('it waits', () => server.line.size === 1);
  await server.line.lendRound().catch((error: unknown) => server.line.failAll(error));
  const response = await claim;
  assert.deepEqual([response.status, response.headers.get('retry-after')], [503, '1']);
});

test('a report of what is stored is noted and rings for whoever grows playlists, and a bad one is refused', async () => {
  await using server = await orchestrator();
  const segments = [{ segment: 0, sizeBytes: 9, durationTicks: 40_000 }];
  const init = { initSha256: 'ab'.repeat(32), initSizeBytes: 800 };
  const renditions = [{ rendition: 'v240', codec: 'avc1.64001e', timescale: 10_000, ...init, segments }];
  const path = `/tasks/${TASK}/report`;
  const { rings } = server.growthBell;
  assert.equal(
    (await server.post(path, { token: 3, renditions: [{ ...renditions[0], rendition: '../v240' }] })).status,
    400,
  );
  assert.equal((await server.post(path, { renditions })).status, 400);
  assert.deepEqual([server.reports, server.growthBell.rings], [[], rings]);
  assert.equal((await server.post(path, { token: 3, renditions })).status, 204);
  assert.deepEqual(server.reports, [[{ taskId: TASK, token: 3 }, renditions]]);
  assert.equal(server.growthBell.rings, rings + 1);
});

test('a result that is not of the agreed form is refused with a code and a reason', async () => {
  await using server = await orchestrator();
  const lender = createHttpTaskLender({ urls: [server.url], token: TOKEN });
  const text = { language: 'en', label: 'English', origin: 'embedded', webvtt: 'a'.repeat(6 * 2 ** 20) } as const;
  await assert.rejects(
    lender.complete({ taskId: TASK, token: 1 } as LentTask, { tracks: [text] }, AbortSignal.timeout(20_000)),
    { code: 'bad_request', message: /too big/i },
  );
});

type Note = { what: 'connected' | 'disconnected'; connection: string };

type Wishes = { isDown?: boolean; oldestContract?: number; seen?: () => Promise<void> };

/** The real server on a real port, in front of records that only take notes. */
async function orchestrator({ isDown = false, oldestContract = 1, seen }: Wishes = {}) {
  const noted: Note[] = [];
  const asked: unknown[] = [];
  const stopping = new AbortController();
  const { log, lines } = capturedLog();
  const answer = async (): Promise<void> => {
    if (isDown) throw new DomainError('database_unavailable');
  };
  const lend = async (_: unknown, holders: readonly unknown[]): Promise<undefined[]> => {
    await answer();
    asked.push(holders);
    return holders.map(() => undefined);
  };
  const reports: unknown[] = [];
  const growth = { report: async (...said: unknown[]) => void reports.push(said) };
  const growthBell = new Bell();
  const bells = { work: new Bell(), own: new Bell() };
  const line = new ClaimLine({ records: { lend, giveBack: answer }, bell: bells.work, log });
  const workers = new WorkerLines({
    records: {
      async connected(_, { connection }) {
        await answer();
        noted.push({ what: 'connected', connection });
      },
      seen: seen ?? answer,
      async disconnected(connection) {
        noted.push({ what: 'disconnected', connection });
      },
      forgetGone: answer,
    },
    orchestrator: 'o-1',
    newConnection: randomUUID,
    log,
    stopping: stopping.signal,
  });
  const settle = async (): Promise<never> => {
    throw new DomainError('lease_lost');
  };
  const deps = {
    records: { renew: settle, complete: settle, taskOf: settle, fail: settle, giveBack: settle },
    decide: retryPolicy(() => 0),
    growth,
    growthBell,
    bells,
    log,
    line,
    workers,
    workerToken: TOKEN,
    oldestContract,
    stopping: stopping.signal,
    app: {
      health: { role: 'orchestrator', version: '1', uptimeSeconds: () => 0, checks: {} },
      metrics: new Registry(),
      onFault: () => {},
    },
  };
  const app = createOrchestratorServer(deps as unknown as OrchestratorDeps);
  const running = workers.run();
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  const headersOf = (token: string) => ({ authorization: `Bearer ${token}`, 'content-type': 'application/json' });
  let isClosed = false;
  return {
    url,
    lines,
    noted,
    asked,
    reports,
    growthBell,
    workers,
    line,
    post: (path: string, body: unknown, token = TOKEN) =>
      fetch(new URL(path, url), { method: 'POST', headers: headersOf(token), body: JSON.stringify(body) }),
    /** A connection as a worker holds it. */
    async connect() {
      const sent = request(new URL('/workers/connect', url), { method: 'POST', headers: headersOf(TOKEN) });
      // Closing it before its end is what these tests do.
      sent.on('error', () => {});
      sent.end(JSON.stringify(WORKER));
      const [response] = await once(sent, 'response');
      response.on('error', () => {});
      const ended = new Promise<void>((resolve) => response.once('close', () => resolve()));
      const lines = createInterface({ input: response })[Symbol.asyncIterator]();
      const next = async (): Promise<WorkerNews> => JSON.parse((await lines.next()).value ?? 'null');
      return { next, ended, close: () => sent.destroy() };
    },
    async [Symbol.asyncDispose]() {
      if (isClosed) return;
      isClosed = true;
      stopping.abort();
      await app.close();
      await running;
    },
  };
}
