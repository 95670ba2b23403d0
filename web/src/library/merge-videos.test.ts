import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { VideoResource } from '../../../src/domain/video-resource.ts';
import { appendPage, isUnderWay, mergeFirstPage, replaceVideo } from './merge-videos.ts';

/** The nth video that was made; later ones are newer. */
const video = (n: number, changes: Partial<VideoResource> = {}): VideoResource => ({
  id: `v${n}`,
  title: `Video ${n}`,
  visibility: 'public',
  state: 'ready',
  createdAt: new Date(n * 60_000).toISOString(),
  source: {
    filename: 'a.mp4',
    contentType: 'video/mp4',
    sizeBytes: 1,
    contentId: null,
    durationSeconds: null,
    widthPx: null,
    heightPx: null,
    frameRate: null,
  },
  job: null,
  renditions: [],
  playback: null,
  error: null,
  ...changes,
});
const ids = (videos: readonly VideoResource[]): string => videos.map(({ id }) => id).join(' ');

test('a fresh first page keeps the later pages and where they end', () => {
  const loaded = { videos: [5, 4, 3, 2].map((n) => video(n)), next: 'after-2' };
  const merged = mergeFirstPage(loaded, { videos: [6, 5].map((n) => video(n)), next: 'after-5' });
  assert.equal(ids(merged.videos), 'v6 v5 v4 v3 v2');
  assert.equal(merged.next, 'after-2');
});

test('a video that is missing in the fresh first page is gone', () => {
  const loaded = { videos: [5, 4, 3, 2].map((n) => video(n)), next: null };
  const merged = mergeFirstPage(loaded, { videos: [5, 3].map((n) => video(n)), next: 'after-3' });
  assert.equal(ids(merged.videos), 'v5 v3 v2');
});

test('a first page that is also the last one is all there is', () => {
  const merged = mergeFirstPage({ videos: [3, 2, 1].map((n) => video(n)), next: 'x' }, { videos: [], next: null });
  assert.deepEqual(merged, { videos: [], next: null });
});

test('the facts of the fresh page win', () => {
  const merged = mergeFirstPage(
    { videos: [video(1)], next: null },
    { videos: [video(1, { title: 'New' })], next: 'n' },
  );
  assert.equal(merged.videos[0]!.title, 'New');
});

test('no sequence of pages shows a video twice', () => {
  const page = fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { maxLength: 10 });
  fc.assert(
    fc.property(page, page, page, (first, second, third) => {
      const list = (ns: number[]) => ({ videos: ns.toSorted((a, b) => b - a).map((n) => video(n)), next: 'n' });
      const loaded = mergeFirstPage(appendPage(list(first), list(second)), list(third));
      assert.equal(new Set(loaded.videos.map(({ id }) => id)).size, loaded.videos.length);
    }),
  );
});

test('one video is replaced in place, or taken out', () => {
  const loaded = { videos: [2, 1].map((n) => video(n)), next: null };
  assert.equal(replaceVideo(loaded, 'v1', video(1, { title: 'New' })).videos[1]!.title, 'New');
  assert.equal(ids(replaceVideo(loaded, 'v2', undefined).videos), 'v1');
});

test('only ready and failed videos are at rest', () => {
  const states = ['uploading', 'uploaded', 'processing', 'ready', 'failed'] as const;
  assert.deepEqual(
    states.filter((state) => isUnderWay(video(1, { state }))),
    ['uploading', 'uploaded', 'processing'],
  );
});
