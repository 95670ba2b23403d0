import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { startPolling } from './start-polling.ts';

/** A server whose answers the test gives one by one, and a clock that it moves. */
function fixture() {
  const waits: { ms: number; run: () => void; cancelled: boolean }[] = [];
  const pending: PromiseWithResolvers<string>[] = [];
  const seen: string[] = [];
  const polling = startPolling<string>({
    load: () => {
      const request = Promise.withResolvers<string>();
      pending.push(request);
      return request.promise;
    },
    isLive: (answer) => answer === 'live',
    onAnswer: (answer) => seen.push(answer),
    onFailure: (error) => seen.push(String(error)),
    isHidden: () => false,
    isTold: () => false,
    after: (ms, run) => {
      const wait = { ms, run, cancelled: false };
      waits.push(wait);
      return () => {
        wait.cancelled = true;
      };
    },
  });
  return { waits, pending, seen, polling };
}

test('the next question waits for the answer to the last one', async () => {
  const { waits, pending, seen } = fixture();
  assert.equal(waits.length, 0);
  pending[0]!.resolve('live');
  await setImmediate();
  assert.deepEqual(seen, ['live']);
  assert.equal(waits.at(-1)!.ms, 1000);
  waits.at(-1)!.run();
  assert.equal(pending.length, 2);
});

test('failures in a row lengthen the wait, and an answer ends that', async () => {
  const { waits, pending } = fixture();
  pending[0]!.reject(new Error('down'));
  await setImmediate();
  waits.at(-1)!.run();
  pending[1]!.reject(new Error('down'));
  await setImmediate();
  waits.at(-1)!.run();
  pending[2]!.resolve('live');
  await setImmediate();
  assert.deepEqual(
    waits.map((wait) => wait.ms),
    [1000, 2000, 1000],
  );
});

test('a refresh during a request is not lost', async () => {
  const { waits, pending, polling } = fixture();
  polling.refresh();
  assert.equal(pending.length, 1);
  pending[0]!.resolve('calm');
  await setImmediate();
  assert.equal(waits.at(-1)!.ms, 0);
});

test('a refresh during the wait asks at once and cancels the wait', async () => {
  const { waits, pending, polling } = fixture();
  pending[0]!.resolve('calm');
  await setImmediate();
  polling.refresh();
  assert.equal(pending.length, 2);
  assert.equal(waits[0]!.cancelled, true);
});

test('after stopping, neither an answer nor a refresh has any effect', async () => {
  const { waits, pending, seen, polling } = fixture();
  polling.stop();
  pending[0]!.resolve('live');
  polling.refresh();
  await setImmediate();
  assert.deepEqual({ seen, waits, asked: pending.length }, { seen: [], waits: [], asked: 1 });
});
