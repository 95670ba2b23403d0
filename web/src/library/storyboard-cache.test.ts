import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStoryboardCache } from './storyboard-cache.ts';

function counting(fails: () => boolean = () => false) {
  const asked: string[] = [];
  const get = createStoryboardCache(async (path) => {
    asked.push(path);
    if (fails()) throw new Error('away');
    return [];
  });
  return { asked, get };
}

test('a storyboard is asked for once', async () => {
  const { asked, get } = counting();
  await Promise.all([get('a'), get('a')]);
  await get('a');
  assert.deepEqual(asked, ['a']);
});

test('one that failed is asked for again', async () => {
  let away = true;
  const { asked, get } = counting(() => away);
  await assert.rejects(get('a'));
  away = false;
  await get('a');
  assert.deepEqual(asked, ['a', 'a']);
});

test('the oldest goes when there are many', async () => {
  const { asked, get } = counting();
  for (let row = 0; row <= 60; row++) await get(`row ${row}`);
  await get('row 60');
  assert.equal(asked.length, 61);
  await get('row 0');
  assert.equal(asked.length, 62);
});
