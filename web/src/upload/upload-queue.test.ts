import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { SendOptions, Sent } from './send-file.ts';
import { createUploadQueue } from './upload-queue.ts';

type Transfer = SendOptions & PromiseWithResolvers<Sent> & { name: string };

/** Transfers that move only when the test says so. */
function fixture() {
  const transfers: Transfer[] = [];
  const discarded: string[] = [];
  let nowMs = 0;
  const queue = createUploadQueue({
    send: (file, options) => {
      const transfer = { name: file.name, ...options, ...Promise.withResolvers<Sent>() };
      options.signal.addEventListener('abort', () => transfer.reject(options.signal.reason));
      transfers.push(transfer);
      return transfer.promise;
    },
    discard: async (file) => void discarded.push(file.name),
    clock: { nowMs: () => nowMs },
  });
  const states = () => queue.list().map(({ file, phase }) => `${file.name} ${phase.state}`);
  const advance = (ms: number) => {
    nowMs += ms;
  };
  return { queue, transfers, discarded, states, advance };
}

const filesNamed = (...names: string[]): File[] => names.map((name) => new File(['x'], name));
const answer: Sent = { id: 'v', created: true };

test('two files are sent at once and the others wait their turn', async () => {
  const { queue, transfers, states } = fixture();
  queue.add(filesNamed('a', 'b', 'c'));
  assert.deepEqual(states(), ['a sending', 'b sending', 'c waiting']);
  transfers[0]!.resolve(answer);
  await setImmediate();
  assert.deepEqual(states(), ['a done', 'b sending', 'c sending']);
});

test('removing a transfer breaks it off and lets the next one begin', async () => {
  const { queue, transfers, states } = fixture();
  queue.add(filesNamed('a', 'b', 'c'));
  queue.remove(queue.list()[0]!.key);
  await setImmediate();
  assert.equal(transfers[0]!.signal.aborted, true);
  assert.deepEqual(states(), ['b sending', 'c sending']);
});

test('a waiting upload that was removed is never sent', async () => {
  const { queue, transfers } = fixture();
  queue.add(filesNamed('a', 'b', 'c'));
  queue.remove(queue.list()[2]!.key);
  transfers[0]!.resolve(answer);
  await setImmediate();
  assert.deepEqual(
    transfers.map(({ name }) => name),
    ['a', 'b'],
  );
});

test('a refused upload keeps the reason and can be tried again', async () => {
  const { queue, transfers, states } = fixture();
  queue.add(filesNamed('a'));
  transfers[0]!.reject(new Error('The upload holds no bytes.'));
  await setImmediate();
  assert.deepEqual(queue.list()[0]!.phase, { state: 'failed', message: 'The upload holds no bytes.' });
  queue.resume(queue.list()[0]!.key);
  assert.deepEqual(states(), ['a sending']);
  assert.equal(transfers.length, 2);
});

test('progress is kept as samples of the clock', () => {
  const { queue, transfers, advance } = fixture();
  queue.add(filesNamed('a'));
  advance(800);
  transfers[0]!.onBytes(4000);
  assert.deepEqual(queue.list()[0]!.phase, {
    state: 'sending',
    stage: 'sending',
    samples: [
      { atMs: 0, bytes: 0 },
      { atMs: 800, bytes: 4000 },
    ],
  });
});

test('clearing keeps what is still under way', async () => {
  const { queue, transfers, states } = fixture();
  queue.add(filesNamed('a', 'b', 'c'));
  transfers[0]!.resolve(answer);
  transfers[1]!.reject(new Error('no'));
  await setImmediate();
  assert.deepEqual(states(), ['a done', 'b failed', 'c sending']);
  queue.clear();
  assert.deepEqual(states(), ['c sending']);
});

test('listeners hear of every change until they leave', () => {
  const { queue } = fixture();
  let changes = 0;
  const leave = queue.subscribe(() => changes++);
  queue.add(filesNamed('a'));
  assert.ok(changes > 0);
  leave();
  const before = changes;
  queue.add(filesNamed('b'));
  assert.equal(changes, before);
});

test('a paused upload leaves its place to others, and goes on where it was resumed', async () => {
  const { queue, transfers, states } = fixture();
  queue.add(filesNamed('a', 'b', 'c'));
  const [a] = queue.list();
  queue.pause(a!.key);
  await setImmediate();
  assert.deepEqual(states(), ['a paused', 'b sending', 'c sending']);
  transfers[1]!.resolve(answer);
  await setImmediate();
  queue.resume(a!.key);
  assert.deepEqual(states(), ['a sending', 'b done', 'c sending']);
});

test('cancelling a paused upload has the server forget it, and taking a finished one off the list does not', async () => {
  const { queue, transfers, discarded } = fixture();
  queue.add(filesNamed('a', 'b'));
  const [a, b] = queue.list();
  queue.pause(a!.key);
  transfers[1]!.resolve(answer);
  await setImmediate();
  queue.remove(a!.key);
  queue.remove(b!.key);
  assert.deepEqual(discarded, ['a']);
});

test('the speed of a resumed upload does not count what was sent before', () => {
  const { queue, transfers, advance } = fixture();
  queue.add(filesNamed('a'));
  advance(100);
  transfers[0]!.onStage('sending', 5000);
  assert.deepEqual(queue.list()[0]!.phase, {
    state: 'sending',
    stage: 'sending',
    samples: [{ atMs: 100, bytes: 5000 }],
  });
});

test('a file that is under way is not taken a second time', () => {
  const { queue, states } = fixture();
  const files = filesNamed('a');
  queue.add(files);
  queue.add(files);
  assert.deepEqual(states(), ['a sending']);
});
