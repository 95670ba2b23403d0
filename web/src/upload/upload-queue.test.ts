import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { UploadAnswer } from '../../../src/domain/video-resource.ts';
import type { SendOptions } from './send-file.ts';
import { createUploadQueue } from './upload-queue.ts';

type Transfer = SendOptions & PromiseWithResolvers<UploadAnswer> & { name: string };

/** Transfers that move only when the test says so. */
function fixture() {
  const transfers: Transfer[] = [];
  let nowMs = 0;
  const queue = createUploadQueue({
    send: (file, options) => {
      const transfer = { name: file.name, ...options, ...Promise.withResolvers<UploadAnswer>() };
      options.signal.addEventListener('abort', () => transfer.reject(options.signal.reason));
      transfers.push(transfer);
      return transfer.promise;
    },
    clock: { nowMs: () => nowMs },
  });
  const states = () => queue.list().map(({ file, phase }) => `${file.name} ${phase.state}`);
  const advance = (ms: number) => {
    nowMs += ms;
  };
  return { queue, transfers, states, advance };
}

const filesNamed = (...names: string[]): File[] => names.map((name) => new File(['x'], name));
const answer: UploadAnswer = { id: 'v', state: 'uploaded', created: true, contentId: 'c' };

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
  queue.retry(queue.list()[0]!.key);
  assert.deepEqual(states(), ['a sending']);
  assert.equal(transfers.length, 2);
});

test('progress is kept as samples of the clock', () => {
  const { queue, transfers, advance } = fixture();
  queue.add(filesNamed('a'));
  advance(800);
  transfers[0]!.onSent(4000);
  assert.deepEqual(queue.list()[0]!.phase, {
    state: 'sending',
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
