import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../test/fakes/manual-clock.ts';
import { type Check, checkHealth, remembered } from './health.ts';

const report = (checks: Record<string, Check>) =>
  checkHealth({ role: 'edge', version: '1.2.3', uptimeSeconds: () => 12.6, checks });

test('a role is well when all its checks are, and shows what they say', async () => {
  const well = await report({ objectStore: async () => 'file:/data', database: async () => undefined });
  assert.deepEqual(well, {
    status: 'ok',
    role: 'edge',
    version: '1.2.3',
    uptimeSeconds: 13,
    checks: { objectStore: { status: 'ok', detail: 'file:/data' }, database: { status: 'ok' } },
  });
});

test('one failing check makes the role fail, and says which and why', async () => {
  const { status, checks } = await report({
    objectStore: async () => undefined,
    database: () => Promise.reject(new Error('connection refused')),
  });
  assert.equal(status, 'failing');
  assert.deepEqual(checks.database, { status: 'failing', detail: 'connection refused' });
  assert.equal(checks.objectStore?.status, 'ok');
});

test('a check that hangs is named before the asker gives up, and holds up no other', async () => {
  let given: AbortSignal | undefined;
  const hangs: Check = (signal) => {
    given = signal;
    return new Promise(() => {});
  };
  const startedMs = performance.now();
  const { status, checks } = await report({ database: hangs, objectStore: async () => undefined });
  assert.ok(performance.now() - startedMs < 10_000);
  assert.equal(status, 'failing');
  assert.match(checks.database?.detail ?? '', /no answer within \d+ ms/);
  assert.equal(checks.objectStore?.status, 'ok');
  assert.equal(given?.aborted, true, 'the check is told to give up');
});

test('a check that throws at once is a failing check', async () => {
  const throws: Check = () => {
    throw new Error('no such host');
  };
  assert.deepEqual((await report({ database: throws })).checks.database, { status: 'failing', detail: 'no such host' });
});

test('an answer is remembered for its time, a failure not at all', async () => {
  const clock = new ManualClock();
  const signal = new AbortController().signal;
  let asked = 0;
  let isDown = false;
  const check = remembered(
    async () => {
      asked += 1;
      if (isDown) throw new Error('down');
      return `answer ${asked}`;
    },
    5_000,
    () => clock.nowMs(),
  );
  assert.equal(await check(signal), 'answer 1');
  clock.advance(4_999);
  assert.equal(await check(signal), 'answer 1');
  clock.advance(1);
  isDown = true;
  await assert.rejects(check(signal), /down/);
  isDown = false;
  assert.equal(await check(signal), 'answer 3');
});
