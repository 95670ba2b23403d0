import assert from 'node:assert/strict';
import { test } from 'node:test';
import { capturedLog } from '../../test/fakes/captured-log.ts';
import { DomainError } from '../domain/errors.ts';
import type { JobId, TaskId, VideoId } from '../domain/ids.ts';
import type { Holder, Queue, TaskRef } from '../domain/job-records.ts';
import type { LentTask } from '../domain/tasks.ts';
import { Bell } from '../lib/bell.ts';
import { ClaimLine } from './claim-line.ts';

const SESSION = '00000000-0000-4000-8000-000000000001';
const worker = (name: string, more: Partial<Holder> = {}): Holder => ({
  worker: name,
  session: SESSION,
  memoryMib: 1_000,
  encoders: ['aac', 'libx264'],
  ...more,
});
const never = new AbortController().signal;

/** Lends so many tasks, to whom it is asked for first. */
class Lender {
  readonly asked: (readonly Holder[])[] = [];
  readonly returned: TaskRef[] = [];
  tasks = 0;
  onLend: () => void = () => {};
  onGiveBack: () => void = () => {};
  #attempt = 0;

  async lend(_: Queue, holders: readonly Holder[]): Promise<(LentTask | undefined)[]> {
    this.asked.push(holders);
    this.onLend();
    return holders.map(() => (this.tasks-- > 0 ? this.#task() : undefined));
  }
  async giveBack(ref: TaskRef): Promise<void> {
    this.onGiveBack();
    this.returned.push(ref);
  }
  #task(): LentTask {
    this.#attempt += 1;
    const ids = { taskId: `t${this.#attempt}` as TaskId, jobId: 'j' as JobId, videoId: 'v' as VideoId };
    const spec = { kind: 'probe', source: { videoId: ids.videoId, sizeBytes: 1 }, generation: 1 } as const;
    return { ...ids, attempt: 1, token: 1, leaseMs: 1_000, spec };
  }
}

function fixture() {
  const records = new Lender();
  const { log, lines } = capturedLog();
  const line = new ClaimLine({ records, bell: new Bell(), log });
  return { records, lines, line };
}

test('a thousand workers that can do the same are asked for two hundred at once, and none is forgotten', async () => {
  const { records, line } = fixture();
  const claims = Array.from({ length: 1_000 }, (_, i) => line.claim(worker(`w${i}`), never));
  records.tasks = 1_000;
  let rounds = 1;
  while (await line.lendRound()) rounds += 1;
  assert.deepEqual([records.asked.length, rounds], [5, 5]);
  assert.equal(new Set((await Promise.all(claims)).map((task) => task?.taskId)).size, 1_000);
});

test('an idle thousand costs one question, and the next one asks for others of them', async () => {
  const { records, line } = fixture();
  for (let i = 0; i < 1_000; i++) void line.claim(worker(`w${i}`), never);
  assert.equal(await line.lendRound(), false);
  await line.lendRound();
  assert.equal(records.asked.length, 2);
  const names = records.asked.map((holders) => new Set(holders.map((holder) => holder.worker)));
  assert.ok(names[0]!.isDisjointFrom(names[1]!));
});

test('workers that can do different things are asked for apart, with memory rounded down', async () => {
  const { records, line } = fixture();
  void line.claim(worker('a', { memoryMib: 1_030 }), never);
  void line.claim(worker('b', { memoryMib: 1_100 }), never);
  void line.claim(worker('c', { encoders: ['libx264', 'aac'], memoryMib: 1_024 }), never);
  void line.claim(worker('d', { encoders: ['aac'] }), never);
  await line.lendRound();
  assert.deepEqual(
    records.asked.map((holders) => holders.map(({ worker: name, memoryMib }) => `${name} ${memoryMib}`)),
    [['a 1024', 'b 1024', 'c 1024'], ['d 768']],
  );
});

test('who came first is served first', async () => {
  const { records, line, lines } = fixture();
  const first = line.claim(worker('first'), never);
  const second = line.claim(worker('second'), new AbortController().signal);
  records.tasks = 1;
  await line.lendRound();
  assert.notEqual(await first, undefined);
  assert.deepEqual(
    lines.map((logged) => [logged.event, logged.worker]),
    [['task_leased', 'first']],
  );
  records.tasks = 1;
  await line.lendRound();
  assert.notEqual(await second, undefined);
});

test('who hangs up while a task is lent to it does not keep it', async () => {
  const { records, line, lines } = fixture();
  const gone = new AbortController();
  const claim = line.claim(worker('gone'), gone.signal);
  records.tasks = 1;
  records.onLend = () => gone.abort();
  await line.lendRound();
  assert.equal(await claim, undefined);
  assert.deepEqual(
    records.returned.map((ref) => ref.taskId),
    ['t1'],
  );
  assert.ok(lines.some((logged) => logged.event === 'task_returned'));
});

test('a task that cannot be given back costs nobody else theirs', async () => {
  const { records, line, lines } = fixture();
  const gone = new AbortController();
  const claims = [line.claim(worker('gone'), gone.signal), line.claim(worker('there'), never)];
  records.tasks = 2;
  records.onLend = () => gone.abort();
  records.onGiveBack = () => {
    throw new DomainError('lease_lost');
  };
  await line.lendRound();
  const [missed, got] = await Promise.all(claims);
  assert.deepEqual([missed, got?.taskId], [undefined, 't2']);
  assert.deepEqual(
    lines.map(({ event }) => event),
    ['task_leased', 'task_leased', 'queue_error'],
  );
});

test('who waits is told of an outage, and who hung up before asked for nothing', async () => {
  const { records, line } = fixture();
  const told = assert.rejects(line.claim(worker('a'), never), /no database/);
  line.failAll(new Error('no database'));
  await told;
  assert.equal(await line.claim(worker('b'), AbortSignal.abort()), undefined);
  await line.lendRound();
  assert.deepEqual(records.asked, []);
});
