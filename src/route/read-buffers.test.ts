import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createReadBuffers } from './read-buffers.ts';

test('a buffer that was given back is taken again, and nobody else has it', () => {
  const buffers = createReadBuffers();
  const [one, two] = [buffers.take(1), buffers.take(2)];
  assert.notEqual(one.buffer, two.buffer);
  buffers.giveBack(one);
  assert.equal(buffers.take(1), one);
  assert.notEqual(buffers.take(1), one);
});

test('when very many answers are under way, buffers are small, and the two sizes are not mixed up', () => {
  const buffers = createReadBuffers();
  const [few, many] = [buffers.take(1), buffers.take(1000)];
  assert.ok(many.length < few.length);
  buffers.giveBack(many);
  buffers.giveBack(few);
  assert.equal(buffers.take(1000), many);
  assert.equal(buffers.take(1), few);
});

test('what is kept is bounded', () => {
  const buffers = createReadBuffers();
  const taken = Array.from({ length: 500 }, () => buffers.take(1));
  for (const buffer of taken) buffers.giveBack(buffer);
  const known = new Set(taken);
  const again = Array.from({ length: 500 }, () => buffers.take(1));
  assert.ok(again.filter((buffer) => known.has(buffer)).length <= 128);
});
