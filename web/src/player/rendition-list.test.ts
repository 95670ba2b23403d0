import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RenditionList } from './rendition-list.ts';

const choice = (height: number) => ({ id: `v${height}`, width: (height * 16) / 9, height, bitrate: height * 2000 });

test('the list reads like an array, as media-chrome reads it', () => {
  const list = new RenditionList();
  list.replace([choice(360), choice(720)]);
  assert.equal(list.length, 2);
  assert.equal(list[1]!.id, 'v720');
  assert.equal(
    Array.prototype.findIndex.call(list, ({ id }) => id === 'v720'),
    1,
  );
  assert.deepEqual(
    [...list].map(({ height }) => height),
    [360, 720],
  );
});

test('a fresh list begins with the choice left to the player', () => {
  const list = new RenditionList();
  list.replace([choice(360), choice(720)]);
  list.selectedIndex = 1;
  list.replace([choice(480)]);
  assert.equal(list.selectedIndex, -1);
  assert.equal(list[1], undefined);
});

test('a choice is told once', () => {
  const list = new RenditionList();
  list.replace([choice(360), choice(720)]);
  let changes = 0;
  list.addEventListener('change', () => changes++);
  list.selectedIndex = 1;
  list.selectedIndex = 1;
  list.selectedIndex = -1;
  assert.equal(changes, 2);
});
