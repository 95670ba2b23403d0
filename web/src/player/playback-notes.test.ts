import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NOTED_SEGMENTS, PlaybackNotes } from './playback-notes.ts';

const LOAD = { bytes: 1000, loadMs: 20, cache: 'hit', edge: 'edge-1' };
const SESSION = { id: 's1', url: '/play/0123456789abcdef/s1.x/index.m3u8' };

test('segments are noted by rendition and number; other objects are not', () => {
  const notes = new PlaybackNotes(() => {});
  for (const file of ['v360/init.mp4', 'v360/000007.m4s?CMCD=bl', 'text/en.vtt', 'a-en/000007.m4s'])
    notes.loaded(`http://a/play/0123456789abcdef/s1.x/g2/${file}`, LOAD);
  assert.deepEqual(
    notes.segments.map(({ rendition, segment }) => [rendition, segment]),
    [
      ['v360', 7],
      ['a-en', 7],
    ],
  );
});

test('only the last segments are kept, and those of the running session', () => {
  const begun: string[] = [];
  const notes = new PlaybackNotes(({ id }) => begun.push(id));
  for (let i = 0; i < 100; i++) notes.loaded(`/g1/v360/${String(i).padStart(6, '0')}.m4s`, LOAD);
  assert.equal(notes.segments.length, NOTED_SEGMENTS);
  assert.equal(notes.segments.at(-1)?.segment, 99);
  notes.begin(SESSION);
  assert.deepEqual([notes.segments.length, notes.session, begun], [0, SESSION, ['s1']]);
});
