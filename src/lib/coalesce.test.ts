import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Coalescer } from './coalesce.ts';

test('simultaneous calls for one key share one piece of work', async () => {
  const coalescer = new Coalescer<string>();
  const started: string[] = [];
  const { promise, resolve } = Promise.withResolvers<string>();
  const work = (name: string) => () => {
    started.push(name);
    return promise;
  };
  const calls = ['first', 'second', 'third'].map((name) => coalescer.run('key', work(name)));
  resolve('done');
  assert.deepEqual(await Promise.all(calls.map((call) => call.value)), ['done', 'done', 'done']);
  assert.deepEqual(started, ['first']);
  assert.deepEqual(
    calls.map((call) => call.joined),
    [false, true, true],
  );
});

test('different keys do not wait for one another', async () => {
  const coalescer = new Coalescer<number>();
  const never = coalescer.run('slow', () => new Promise<number>(() => {}));
  assert.equal(await coalescer.run('fast', async () => 2).value, 2);
  assert.equal(never.joined, false);
  assert.equal(coalescer.size, 1);
});

test('a failure reaches everyone who waits, and the next call starts anew', async () => {
  const coalescer = new Coalescer<number>();
  const fails = () => Promise.reject(new Error('no'));
  const [a, b] = [coalescer.run('key', fails), coalescer.run('key', fails)];
  await assert.rejects(a.value, /no/);
  await assert.rejects(b.value, /no/);
  assert.equal(await coalescer.run('key', async () => 3).value, 3);
  assert.equal(coalescer.size, 0);
});
