import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logLine, SESSION, served } from '../../../test/support/log-lines.ts';
import type { LogLine } from '../../domain/log-line.ts';
import { sessionStory } from './session-story.ts';
import { tellSession } from './tell-session.ts';

/** The sentences of a story, without those that stand around them. */
function told(lines: LogLine[], around: LogLine[] = []): string[] {
  const story = sessionStory(SESSION.sessionId, lines, around);
  return tellSession(story)
    .slice(1, -1)
    .map((line) => line.trim().replace(/^\+[\d.]+ s +/, ''));
}

const start = logLine('session_started', 0, 'router', {
  ...SESSION,
  file: 'index.m3u8',
  edge: 'edge-1',
  choice: 'best',
  expiresAt: '2026-11-24T00:00:00.000Z',
});

test('a story begins with where the session was sent, and why', () => {
  assert.deepEqual(told([start]), ['asked for index.m3u8; sent to edge-1: by its hash the best edge for this video']);
  const spilled = { ...start, choice: 'spill' };
  assert.match(told([spilled])[0] ?? '', /better edges for this video had their share/);
});

test('many hits one after the other become one line, also where sound comes in between', () => {
  const lines = Array.from({ length: 29 }, (_, i) => [
    served(i, 'edge-1', { rendition: 'v720', segment: 12 + i }),
    served(i + 0.1, 'edge-1', { rendition: 'a-en', segment: 12 + i, cache: i === 0 ? 'miss' : 'prefetched' }),
  ]).flat();
  assert.deepEqual(told(lines), [
    'edge-1 served segments 12–40 of v720 from its cache: 29 hits (29.0 kB, at most 5 ms)',
    'edge-1 served segment 12 of a-en from the store: 1 miss (1.0 kB, at most 5 ms)',
    'edge-1 served segments 13–40 of a-en from its cache: 28 read ahead (28.0 kB, at most 5 ms)',
  ]);
});

test('a switch is told with what the player measured and had in its buffer, before its first segment', () => {
  const lines = [
    served(1, 'edge-1', { rendition: 'v720', segment: 3 }),
    logLine('rendition_switched', 5, 'edge-1', { ...SESSION, from: 'v720', to: 'v360', segment: 4 }),
    served(5.001, 'edge-1', { rendition: 'v360', segment: 4, cache: 'miss', cmcd: { mtp: 900, bl: 4200, br: 700 } }),
  ];
  const [, change, after] = told(lines);
  assert.equal(
    change,
    'the player switched down from v720 to v360 at segment 4: it measured 900 kbit/s, 4.2 s in its buffer',
  );
  assert.match(after ?? '', /^edge-1 served segment 4 of v360 from the store/);
});

test('a switch at the moment of a move, which no edge can know of, is told as well, and once', () => {
  const moved = { ...SESSION, from: 'edge-1', to: 'edge-2', reason: 'reset', tries: 2, bytes: 0 };
  const lines = [
    served(1, 'edge-1', { rendition: 'v720', segment: 3 }),
    logLine('session_reassigned', 4.998, 'router', moved),
    served(5.004, 'edge-2', { rendition: 'v360', segment: 4 }),
  ];
  const story = sessionStory(SESSION.sessionId, lines, []);
  assert.deepEqual(
    story.entries.filter(({ is }) => is === 'switched' || is === 'moved').map(({ is }) => is),
    ['moved', 'switched'],
  );
  assert.equal(story.totals.switches, 1);
});

test('a switch is told even where the line of its segment was lost with its edge', () => {
  const lines = [
    served(1, 'edge-1', { rendition: 'v720', segment: 3 }),
    logLine('rendition_switched', 5, 'edge-1', { ...SESSION, from: 'v720', to: 'v1080', segment: 4 }),
  ];
  assert.equal(told(lines).at(-1), 'the player switched up from v720 to v1080 at segment 4');
});

test('a keyframe that the player scrubbed to is no switch', () => {
  const lines = [
    served(1, 'edge-1', { rendition: 'v720', segment: 3 }),
    served(2, 'edge-1', { rendition: 'v240', segment: 30, status: 206 }),
    served(3, 'edge-1', { rendition: 'v720', segment: 4 }),
  ];
  assert.equal(sessionStory(SESSION.sessionId, lines, []).totals.switches, 0);
});

test('a move says why, how much had been sent, and who goes on; what befell the edge stands beside it', () => {
  const move = { ...SESSION, from: 'edge-1', to: 'edge-2', reason: 'reset', tries: 2, bytes: 81_920 };
  const lines = [
    start,
    logLine('session_reassigned', 2, 'router', move),
    served(3, 'edge-2', { rendition: 'v720', segment: 1 }),
  ];
  const around = [
    logLine('edge_down', 2.1, 'router', { edge: 'edge-1', reason: 'refused', by: 'request', misses: 1 }),
    logLine('edge_down', 2.2, 'router', { edge: 'edge-9', reason: 'refused', by: 'request', misses: 1 }),
    logLine('edge_up', 60, 'router', { edge: 'edge-1', outForMs: 58_000 }),
  ];
  assert.deepEqual(told(lines, around).slice(1, 3), [
    'edge-1 broke the connection; edge-2 went on after 81.9 kB of the body, and keeps the session',
    'router left edge-1 out: refused (found by a request)',
  ]);
});

test('a move stands before what the next edge did for it, although that began before the router told of it', () => {
  const move = { ...SESSION, from: 'edge-1', to: 'edge-2', reason: 'reset', tries: 2, bytes: 0 };
  const slow = { ...served(4, 'edge-2', { rendition: 'v720', segment: 1, cache: 'miss' }), durationMs: 1500 };
  const [first, second] = told([slow as LogLine, logLine('session_reassigned', 3, 'router', move)]);
  assert.match(first ?? '', /^edge-1 broke the connection; edge-2 answered instead/);
  assert.match(second ?? '', /^edge-2 served segment 1 of v720 from the store/);
});

test('what was refused is told with its code, what was read ahead with its reason, and what was not with what was in the way', () => {
  const ahead = { ...SESSION, kind: 'segment', rendition: 'v720', reason: 'next' };
  const lines = [
    served(1, 'edge-1', { rendition: 'v720', segment: 90, status: 404, code: 'no_such_segment' }),
    served(2, 'edge-1', { rendition: 'v720', segment: 91, status: 404, code: 'no_such_segment' }),
    logLine('segment_prefetched', 3, 'edge-1', { ...ahead, segment: 4, bytes: 2000, tier: 'store', durationMs: 9 }),
    logLine('prefetch_dropped', 4, 'edge-1', { ...ahead, segment: 5, obstacle: 'busy' }),
  ];
  assert.deepEqual(told(lines), [
    'edge-1 refused segments 90–91 of v720 2 times: 404 no_such_segment',
    'edge-1 read segment 4 of v720 ahead: next in line (2.0 kB)',
    'edge-1 did not read segment 5 of v720 ahead: the store is busy with what somebody waits for',
  ]);
});

test('the end counts requests by where they were answered from, and the least buffer after the start', () => {
  const lines = [
    served(1, 'edge-1', { rendition: 'v720', segment: 0, cache: 'miss', cmcd: { bl: 0, su: true } }),
    served(2, 'edge-1', { rendition: 'v720', segment: 1, cache: 'prefetched', cmcd: { bl: 3900 } }),
    served(3, 'edge-1', { rendition: 'v720', segment: 2, cache: 'coalesced', cmcd: { bl: 7900 } }),
    served(4, 'edge-1', { rendition: 'v720', segment: 3, cmcd: { bl: 0, bs: true } }),
  ];
  const { totals, entries } = sessionStory(SESSION.sessionId, lines, []);
  assert.deepEqual(totals, {
    requests: 4,
    bytes: 4000,
    hits: 1,
    readAhead: 1,
    misses: 1,
    joined: 1,
    refused: 0,
    switches: 0,
    moves: 0,
    leastBufferMs: 0,
  });
  assert.equal(entries.filter(({ is }) => is === 'starved').length, 1);
});
