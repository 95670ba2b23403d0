import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeyedBell } from './keyed-bell.ts';

const never = new AbortController().signal;
const LONG_MS = 60_000;

/** Whether the wait is over without a further ring. */
const isOver = (waiting: Promise<void>): Promise<boolean> =>
  Promise.race([waiting.then(() => true), new Promise<boolean>((resolve) => setImmediate(() => resolve(false)))]);

test('only who listens to the key is woken', async () => {
  const bell = new KeyedBell();
  using here = bell.listen('a');
  using other = bell.listen('b');
  const [waitingHere, waitingThere] = [here.wait(LONG_MS, never), other.wait(LONG_MS, never)];
  bell.ring('a');
  await waitingHere;
  assert.equal(await isOver(waitingThere), false);
  bell.ringAll();
  await waitingThere;
});

test('a ring between two waits ends the second at once, and only that one', async () => {
  const bell = new KeyedBell();
  using listener = bell.listen('a');
  bell.ring('a');
  bell.ring('a');
  await listener.wait(LONG_MS, never);
  const next = listener.wait(LONG_MS, never);
  assert.equal(await isOver(next), false);
  bell.ring('a');
  await next;
});

test('what was rung before somebody listened does not wake them', async () => {
  const bell = new KeyedBell();
  using early = bell.listen('a');
  bell.ring('a');
  using late = bell.listen('a');
  const waiting = late.wait(LONG_MS, never);
  assert.equal(await isOver(waiting), false);
  assert.equal(early.rings, late.rings);
  bell.ring('a');
  await waiting;
});

test('a wait ends in time, and when its signal aborts', async () => {
  const bell = new KeyedBell();
  using listener = bell.listen('a');
  await listener.wait(1, never);
  const leaving = new AbortController();
  const waiting = listener.wait(LONG_MS, leaving.signal);
  leaving.abort();
  await waiting;
  await listener.wait(LONG_MS, leaving.signal);
});

test('who has left is not woken, and nothing of them is kept', async () => {
  const bell = new KeyedBell();
  const gone = bell.listen('a');
  gone[Symbol.dispose]();
  bell.ring('a');
  assert.equal(gone.rings, 0);
});
