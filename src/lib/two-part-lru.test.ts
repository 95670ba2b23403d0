import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TwoPartLru } from './two-part-lru.ts';

const cacheOf = (maxSize: number, gone: string[] = []) =>
  new TwoPartLru<{ size: number }>({ maxSize, sizeOf: ({ size }) => size, onGone: (key) => void gone.push(key) });

test('a scan of things used once does not flush what was used twice', () => {
  const cache = cacheOf(100);
  for (let i = 0; i < 8; i++) cache.set(`hot-${i}`, { size: 10 });
  for (let i = 0; i < 8; i++) cache.get(`hot-${i}`);
  for (let i = 0; i < 1000; i++) cache.set(`scanned-${i}`, { size: 10 });
  for (let i = 0; i < 8; i++) assert.ok(cache.peek(`hot-${i}`), `hot-${i}`);
  assert.ok(cache.peek('scanned-999'));
});

test('what was hot long ago leaves when other things are used twice', () => {
  const cache = cacheOf(100);
  for (const name of ['old', 'new'])
    for (let i = 0; i < 8; i++) {
      cache.set(`${name}-${i}`, { size: 10 });
      cache.get(`${name}-${i}`);
    }
  for (let i = 0; i < 2; i++) cache.set(`late-${i}`, { size: 10 });
  const left = (name: string) => Array.from({ length: 8 }, (_, i) => `${name}-${i}`).filter((key) => cache.peek(key));
  assert.deepEqual([left('old').length, left('new').length], [0, 8]);
});

test('looking and refreshing prove nothing', () => {
  const cache = cacheOf(30);
  cache.set('a', { size: 10 });
  cache.set('b', { size: 10 });
  cache.refresh('a');
  cache.peek('b');
  cache.set('c', { size: 10 });
  cache.set('d', { size: 10 });
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].filter((key) => cache.peek(key)),
    ['a', 'c', 'd'],
  );
});

/** Small keys and sizes, so that they collide and fill the cache often. */
const ACT = fc.record({
  does: fc.constantFrom('get', 'set', 'delete', 'refresh', 'deletePrefix'),
  key: fc.constantFrom('a1', 'a2', 'a3', 'b1', 'b2', 'b3', 'b4'),
  size: fc.integer({ min: 1, max: 60 }),
});

test('whatever happens, it stays within its bound, finds the last value set, and tells of each that left once', () => {
  fc.assert(
    fc.property(fc.array(ACT, { maxLength: 80 }), (acts) => {
      const gone: string[] = [];
      const held = new Map<string, object>();
      const cache = new TwoPartLru<{ size: number }>({
        maxSize: 100,
        sizeOf: ({ size }) => size,
        onGone: (key, value) => {
          assert.equal(held.get(key), value, `${key} left twice, or as another`);
          held.delete(key);
          gone.push(key);
        },
      });
      for (const { does, key, size } of acts) {
        if (does === 'set') {
          const value = { size };
          held.set(key, value);
          cache.set(key, value);
        }
        if (does === 'get') assert.equal(cache.get(key), held.get(key));
        if (does === 'delete') cache.delete(key);
        if (does === 'refresh') cache.refresh(key);
        if (does === 'deletePrefix') cache.deletePrefix(key.slice(0, 1));
        assert.ok(cache.size <= 100);
        assert.equal(cache.count, held.size);
        for (const [name, value] of held) assert.equal(cache.peek(name), value);
      }
    }),
  );
});
