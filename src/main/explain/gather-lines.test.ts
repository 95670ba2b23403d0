import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { logLine, SESSION, served } from '../../../test/support/log-lines.ts';
import { storyOf } from './explain-logs.ts';
import { gatherLines } from './gather-lines.ts';
import { splitLines } from './read-lines.ts';

async function* each<T>(items: Iterable<T>): AsyncGenerator<T> {
  yield* items;
}

const start = { file: 'index.m3u8', edge: 'edge-1', choice: 'best', expiresAt: '2026-11-24T00:00:00.000Z' };
const move = { from: 'edge-1', to: 'edge-2', reason: 'reset', tries: 2, bytes: 10 };
/** Some of them at the same millisecond. */
const texts = [
  logLine('session_started', 0, 'router', { ...SESSION, ...start }),
  ...Array.from({ length: 6 }, (_, n) => served(n, 'edge-1', { rendition: n < 3 ? 'v720' : 'v360', segment: n })),
  logLine('rendition_switched', 3, 'edge-1', { ...SESSION, from: 'v720', to: 'v360', segment: 3 }),
  logLine('session_reassigned', 5, 'router', { ...SESSION, ...move }),
  logLine('edge_down', 5, 'router', { edge: 'edge-1', reason: 'refused', by: 'request', misses: 1 }),
  served(6, 'edge-2', { rendition: 'a-en', segment: 6, cache: 'miss' }),
  served(6, 'edge-2', { rendition: 'v360', segment: 6, cache: 'miss' }),
].map((line) => JSON.stringify(line));

const tell = async (lines: readonly string[]) =>
  storyOf(SESSION.sessionId, await gatherLines(SESSION.sessionId, each(lines)));

const shuffled = fc.shuffledSubarray(texts, { minLength: texts.length });
const junk = fc.oneof(
  fc.string(),
  fc.json(),
  fc.constantFrom(...texts).map((text) => text.slice(0, -1)),
  fc.constantFrom(...texts).map((text) => text.replace('"bytes":', '"bytes":"').replace('Z"', '"')),
  fc.constant(JSON.stringify({ ...JSON.parse(texts[0] ?? ''), sessionId: 'another000000000' })),
);

test('in whatever order lines come, and whatever comes between them, the story is the same', async () => {
  const story = await tell(texts);
  const property = fc.asyncProperty(shuffled, fc.array(junk), fc.nat(), async (lines, noise, seed) => {
    const mixed = [...lines];
    for (const [i, text] of noise.entries()) mixed.splice((seed * (i + 1)) % (mixed.length + 1), 0, text);
    assert.deepEqual(await tell(mixed), story);
  });
  await fc.assert(property, { numRuns: 100 });
});

test('lines of others and broken ones are counted apart', async () => {
  const torn = texts[1]?.slice(0, -1) ?? '';
  const { counts } = await gatherLines(SESSION.sessionId, each([...texts, 'a stack trace', '', torn, '{"a":1}']));
  assert.deepEqual(counts, { lines: texts.length + 3, foreign: 2, broken: 1, leftOut: 0 });
});

test('lines come apart the same however the bytes come in, also within a letter', async () => {
  const property = fc.asyncProperty(
    fc.array(fc.string({ unit: 'grapheme' })),
    fc.nat({ max: 7 }),
    async (parts, size) => {
      const lines = parts.map((part) => part.replaceAll('\n', ' '));
      const bytes = Buffer.from(`${lines.join('\n')}\n`);
      const pieces = Array.from({ length: Math.ceil(bytes.length / (size + 1)) }, (_, i) =>
        bytes.subarray(i * (size + 1), (i + 1) * (size + 1)),
      );
      const got: string[] = [];
      for await (const line of splitLines(each(pieces))) got.push(line);
      assert.deepEqual(got, lines.length === 0 ? [''] : lines);
    },
  );
  await fc.assert(property, { numRuns: 100 });
});

test('a line without an end does not fill the memory', async () => {
  const megabyte = Buffer.alloc(1024 * 1024, 'x');
  let longest = 0;
  for await (const line of splitLines(each(Array.from({ length: 20 }, () => megabyte))))
    longest = Math.max(longest, line.length);
  assert.ok(longest <= 2 * megabyte.length, `${longest}`);
});
