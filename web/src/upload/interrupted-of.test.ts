import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PreviousUpload } from 'tus-js-client';
import { interruptedOf, transferName } from './interrupted-of.ts';

const NOW = Date.parse('2026-01-02T12:00:00Z');
const stored = (filename: string, hoursAgo: number, more: Partial<PreviousUpload> = {}): PreviousUpload => ({
  size: 30,
  metadata: { filename },
  // As tus-js-client writes it.
  creationTime: new Date(NOW - hoursAgo * 3_600_000).toString(),
  urlStorageKey: `tus::${filename}`,
  uploadUrl: '/uploads/a',
  parallelUploadUrls: null,
  ...more,
});

const names = (uploads: PreviousUpload[], busy: readonly string[] = []): string[] =>
  interruptedOf(uploads, new Set(busy), NOW).map(({ filename }) => filename);

test('the latest comes first, and few are shown', () => {
  assert.deepEqual(names([stored('a', 5), stored('b', 1), stored('c', 3), stored('d', 2)]), ['b', 'd', 'c']);
});

test('what the server has forgotten meanwhile is not shown', () => {
  assert.deepEqual(names([stored('new', 23), stored('old', 25)]), ['new']);
});

test('what goes on, here or in another window, is not interrupted', () => {
  const [upload] = [stored('a', 1)];
  assert.deepEqual(names([upload], [transferName({ name: 'a', size: 30 })]), []);
  assert.deepEqual(names([upload], [transferName({ name: 'a', size: 31 })]), ['a']);
});

test('what others left in the storage of the browser is passed over', () => {
  const foreign = { foo: 1 } as unknown as PreviousUpload;
  const dateless = stored('a', 1, { creationTime: 'once' });
  assert.deepEqual(names([foreign, dateless, stored('b', 1, { size: null })]), []);
});
