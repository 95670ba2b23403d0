import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import { test } from 'node:test';
import { LENDER_TOKEN, orchestratorOver } from '../../test/fakes/http-orchestrator.ts';
import { listening } from '../../test/fakes/listening.ts';
import { MemoryTaskLender } from '../../test/fakes/memory-task-lender.ts';
import { eventually } from '../../test/support/eventually.ts';
import type { VideoId } from '../domain/ids.ts';
import type { WorkerInfo, WorkerNews } from '../domain/ports.ts';
import type { TaskSpec } from '../domain/tasks.ts';
import { freePort } from '../lib/listen.ts';
import { createHttpTaskLender } from './http-task-lender.ts';
import { followNews } from './worker-news.ts';

const worker: WorkerInfo = {
  worker: 'worker-a',
  session: '00000000-0000-4000-a000-000000000000',
  version: '1.0.0',
  cores: 1,
  memoryMib: 1024,
  encoders: ['libx264'],
};
const source = { videoId: '0123456789abcdef' as VideoId, sizeBytes: 10 };
const spec: TaskSpec = { kind: 'probe', source, generation: 1 };
const soon = (): AbortSignal => AbortSignal.timeout(30_000);
const lenderAt = (...urls: readonly string[]) => createHttpTaskLender({ urls, token: LENDER_TOKEN });
const serving = (listener: RequestListener) => listening(createServer(listener));

async function fixture() {
  const tasks = new MemoryTaskLender();
  const { server, calls } = orchestratorOver(tasks);
  const at = await listening(server);
  return { tasks, calls, at, lender: lenderAt(at.url) };
}

test('a task is claimed, renewed and settled, each time under its token', async () => {
  const { tasks, calls, at, lender } = await fixture();
  await using _ = at;
  const taskId = tasks.add(spec);
  const task = await lender.claim(worker, soon());
  assert.deepEqual([task?.taskId, task?.token, task?.spec], [taskId, 1, spec]);
  await lender.renew(task!, soon());
  await lender.complete(task!, { renditions: [] }, soon());
  assert.deepEqual(await tasks.settled(taskId), { outcome: 'done', result: { renditions: [] } });
  const paths = calls.map(({ path }) => path);
  assert.deepEqual(paths, ['/tasks/claim', `/tasks/${taskId}/renew`, `/tasks/${taskId}/complete`]);
});

test('what is stored is reported under the token of the task, and refused once it is lost', async () => {
  const { tasks, at, lender } = await fixture();
  await using _ = at;
  const taskId = tasks.add(spec);
  const task = await lender.claim(worker, soon());
  const segments = [{ segment: 0, sizeBytes: 9, durationTicks: 40_000 }];
  const init = { initSha256: 'ab'.repeat(32), initSizeBytes: 800 };
  const stored = { rendition: 'v240', codec: 'avc1.64001e', timescale: 10_000, ...init, segments };
  await lender.report(task!, [stored], soon());
  assert.deepEqual(tasks.reported, [stored]);
  tasks.revoke(taskId);
  await assert.rejects(lender.report(task!, [stored], soon()), { code: 'lease_lost' });
});

test('a failure arrives whole, and a task can be handed back', async () => {
  const { tasks, at, lender } = await fixture();
  await using _ = at;
  const failed = tasks.add(spec);
  const failure = { code: 'ffmpeg_failed', message: 'exit code 1', tail: 'last words', cause: 'attempt' } as const;
  await lender.fail((await lender.claim(worker, soon()))!, failure, soon());
  assert.deepEqual(await tasks.settled(failed), { outcome: 'failed', failure });
  const returned = tasks.add(spec);
  await lender.giveBack((await lender.claim(worker, soon()))!, soon());
  assert.deepEqual(await tasks.settled(returned), { outcome: 'returned' });
});

test('where nothing is to be done, a claim is answered with nothing', async () => {
  const { at, lender } = await fixture();
  await using _ = at;
  assert.equal(await lender.claim(worker, soon()), undefined);
});

test('a former holder is told that its lease is lost', async () => {
  const { tasks, at, lender } = await fixture();
  await using _ = at;
  const taskId = tasks.add(spec);
  const task = await lender.claim(worker, soon());
  tasks.revoke(taskId);
  await assert.rejects(lender.renew(task!, soon()), { code: 'lease_lost' });
  await assert.rejects(lender.complete(task!, { renditions: [] }, soon()), { code: 'lease_lost' });
});

test('news come over the connection for as long as it stands', async () => {
  const { tasks, at, lender } = await fixture();
  await using _ = at;
  const taskId = tasks.add(spec);
  await lender.claim(worker, soon());
  const news: WorkerNews[] = [];
  const connection = lender.connect(worker, (one) => news.push(one), soon());
  await eventually('the connection stands', () => tasks.connected === 1);
  tasks.cancel(taskId);
  const ended = { news: 'lease_ended', taskId, token: 1 } as const;
  await eventually('the news arrive', () => news.some((one) => one.news === 'lease_ended'));
  assert.deepEqual(
    news.find((one) => one.news === 'lease_ended'),
    ended,
  );
  tasks.hangUp();
  await connection;
});

test('a connection that is given up is gone on the other side, too', async () => {
  const { tasks, at, lender } = await fixture();
  await using _ = at;
  const stop = new AbortController();
  const connection = lender.connect(worker, () => undefined, stop.signal);
  await eventually('the connection stands', () => tasks.connected === 1);
  stop.abort(new Error('enough'));
  await assert.rejects(connection, /enough/);
  await eventually('it is gone', () => tasks.connected === 0);
});

test('an orchestrator that does not listen is passed over, by all kinds of calls', async () => {
  const { tasks, at } = await fixture();
  await using _ = at;
  const lender = lenderAt(`http://127.0.0.1:${await freePort()}`, at.url);
  tasks.add(spec);
  await assert.rejects(lender.claim(worker, soon()), TypeError);
  const task = await lender.claim(worker, soon());
  await lender.renew(task!, soon());
  assert.equal(tasks.renewals, 1);
});

test('an orchestrator that cannot reach its database is passed over', async () => {
  await using broken = await serving((_, response) => response.writeHead(503).end());
  const { at } = await fixture();
  await using _ = at;
  const lender = lenderAt(broken.url, at.url);
  await assert.rejects(lender.claim(worker, soon()), /answered 503/);
  assert.equal(await lender.claim(worker, soon()), undefined);
});

test('an orchestrator that refuses us is not passed over: the others would refuse us too', async () => {
  let asked = 0;
  await using strict = await serving((_, response) => {
    asked += 1;
    response.writeHead(401).end();
  });
  const lender = lenderAt(strict.url, `http://127.0.0.1:${await freePort()}`);
  await assert.rejects(lender.claim(worker, soon()), /answered 401/);
  await assert.rejects(lender.claim(worker, soon()), /answered 401/);
  assert.equal(asked, 2);
});

test('an orchestrator that takes a call and never answers it is passed over at the deadline of the call', async () => {
  await using mute = await serving(() => undefined);
  const { tasks, at } = await fixture();
  await using _ = at;
  const lender = lenderAt(mute.url, at.url);
  tasks.add(spec);
  await assert.rejects(lender.claim(worker, AbortSignal.timeout(200)), { name: 'TimeoutError' });
  assert.ok(await lender.claim(worker, soon()));
});

test('a call that we give up ourselves says nothing about the orchestrator', async () => {
  await using mute = await serving(() => undefined);
  const stop = new AbortController();
  let reached = 0;
  await using other = await serving(() => (reached += 1));
  const lender = lenderAt(mute.url, other.url);
  const claims = [1, 2].map(() => lender.claim(worker, stop.signal));
  stop.abort(new Error('stopping'));
  for (const claim of claims) await assert.rejects(claim, /stopping/);
  assert.equal(reached, 0);
});

test('when the connection breaks, a claim that waits there goes on elsewhere', async () => {
  const { server, calls } = orchestratorOver(new MemoryTaskLender());
  const first = await listening(server);
  await using waiting = await serving((request, response) => {
    if (request.url === '/workers/connect') setTimeout(() => response.destroy(), 50);
  });
  await using _ = first;
  const lender = lenderAt(waiting.url, first.url);
  const claim = lender.claim(worker, soon());
  await assert.rejects(
    lender.connect(worker, () => undefined, soon()),
    TypeError,
  );
  await assert.rejects(claim, /the connection to the orchestrator at .* ended/);
  assert.equal(await lender.claim(worker, soon()), undefined);
  assert.equal(calls.length, 1);
});

test('an orchestrator that ends the connection still answers what is under way, and is asked nothing more', async () => {
  const { tasks, at } = await fixture();
  await using _ = at;
  const { server, calls } = orchestratorOver(new MemoryTaskLender());
  await using other = await listening(server);
  const lender = lenderAt(at.url, other.url);
  const connection = lender.connect(worker, () => undefined, soon());
  await eventually('the connection stands', () => tasks.connected === 1);
  const claim = lender.claim(worker, soon());
  await eventually('the claim is there', () => tasks.claims === 1);
  tasks.hangUp();
  await connection;
  const taskId = tasks.add(spec);
  assert.equal((await claim)?.taskId, taskId);
  assert.equal(await lender.claim(worker, soon()), undefined);
  assert.deepEqual([tasks.claims, calls.length], [1, 1]);
});

test('a connection without a beat counts as broken', async () => {
  await using silent = await serving((_, response) => void response.writeHead(200).write('{"news":"beat"}\n'));
  const news: WorkerNews[] = [];
  const open = (signal: AbortSignal): Promise<Response> => fetch(silent.url, { signal });
  await assert.rejects(
    followNews(open, (one) => news.push(one), soon(), 200),
    /silent for 200 ms/,
  );
  assert.deepEqual(news.at(-1), { news: 'beat' });
});

test('a connection that is not even answered counts as broken, too', async () => {
  await using mute = await serving(() => undefined);
  const open = (signal: AbortSignal): Promise<Response> => fetch(mute.url, { signal });
  await assert.rejects(
    followNews(open, () => undefined, soon(), 200),
    /silent for 200 ms/,
  );
});

test('news are found however their bytes arrive, and what is not known is passed over', async () => {
  const taskId = '00000000-0000-4000-8000-000000000000';
  const text = `{"news":"beat"}\n{"news":"weather"}\n\n{"news":"lease_ended","taskId":"${taskId}","token":7}\n`;
  await using slow = await serving(async (_, response) => {
    for (const letter of text) await new Promise<void>((done) => response.write(letter, () => done()));
    response.end();
  });
  const news: WorkerNews[] = [];
  await followNews(
    (signal) => fetch(slow.url, { signal }),
    (one) => news.push(one),
    soon(),
  );
  assert.deepEqual(news.slice(1), [{ news: 'beat' }, { news: 'lease_ended', taskId, token: 7 }]);
});
