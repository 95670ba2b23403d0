import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../../test/support/eventually.ts';
import { Bell } from './bell.ts';
import { repeat } from './repeat.ts';

const NEVER_MS = 3_600_000;

test('a bell wakes everyone who waits, and forgets a ring that nobody heard', async () => {
  const bell = new Bell();
  bell.ring();
  const woken: number[] = [];
  const waits = [1, 2, 3].map((waiter) => bell.wait(NEVER_MS).then(() => woken.push(waiter)));
  await new Promise((done) => setImmediate(done));
  assert.deepEqual(woken, []);
  bell.ring();
  await Promise.all(waits);
  assert.equal(woken.length, 3);
});

test('who waits for a bell is let go by the deadline and by the signal', async () => {
  const bell = new Bell();
  await bell.wait(1);
  const stopping = new AbortController();
  const wait = bell.wait(NEVER_MS, stopping.signal);
  stopping.abort();
  await wait;
  await bell.wait(NEVER_MS, stopping.signal);
});

test('work is looked for again at once while there was some, and at the bell when there was none', async () => {
  const bell = new Bell();
  const stopping = new AbortController();
  const left = [true, true, false, true, false];
  let looks = 0;
  const work = async (): Promise<boolean> => {
    looks += 1;
    return left.shift() ?? false;
  };
  const looping = repeat(work, {
    everyMs: NEVER_MS,
    bell,
    signal: stopping.signal,
    onError: (error) => assert.fail(String(error)),
  });
  await eventually('the first round is over', () => looks === 3);
  await new Promise((done) => setImmediate(done));
  bell.ring();
  await eventually('the second round is over', () => looks === 5);
  stopping.abort();
  await looping;
  assert.equal(looks, 5);
});

test('a round that fails is told of and does not end the loop', async () => {
  const stopping = new AbortController();
  const errors: unknown[] = [];
  let rounds = 0;
  await repeat(
    async () => {
      rounds += 1;
      if (rounds === 3) stopping.abort();
      if (rounds < 3) throw new Error(`round ${rounds}`);
      return false;
    },
    { everyMs: 1, bell: new Bell(), signal: stopping.signal, onError: (error) => errors.push(error) },
  );
  assert.deepEqual(errors.map(String), ['Error: round 1', 'Error: round 2']);
});
