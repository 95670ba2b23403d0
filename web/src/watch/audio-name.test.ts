import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audioName } from './audio-name.ts';

test('audio renditions are shown by their language, and by a number where two share one', () => {
  const names = ['a-en', 'a-de-2', 'a-und', 'a-pt-br', 'a'].map(audioName);
  assert.deepEqual(names, ['English', 'German (2)', 'Unknown language', 'Brazilian Portuguese', 'a']);
});
