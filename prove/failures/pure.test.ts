import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { LOG_EVENTS } from '../../src/domain/log-events.ts';
import { fieldsOf } from '../../src/domain/log-line.ts';
import type { LogLine } from '../../test/fault/read-logs.ts';
import { between } from './between-marks.ts';
import { firstOf } from './log-tail.ts';
import { type Arrival, playhead } from './playhead.ts';
import { SCENARIOS } from './scenarios.ts';
import { lostBytes } from './send.ts';
import { tellLine } from './tell-lines.ts';

const DOCUMENT = readFileSync(resolve(import.meta.dirname, '../../docs/failures.md'), 'utf8');

const arrived = (atMs: number, seconds = 4): Arrival => ({ atMs, wallMs: atMs, seconds, edge: 'edge-1' });

test('a picture stalls from the end of one segment until the next one comes, and plays on from there', () => {
  assert.equal(playhead([arrived(0), arrived(3_999), arrived(8_000)], 1).stalledMs, 0);
  assert.equal(playhead([arrived(0), arrived(4_500), arrived(8_600)], 1).stalledMs, 600);
  assert.equal(playhead([arrived(0), arrived(4_500), arrived(8_500)], 1).stalledMs, 500);
  assert.equal(playhead([arrived(0), arrived(2_500)], 2).stalledMs, 500);
});

test('a viewer waits for as long as it has more in hand than it wants', () => {
  assert.equal(playhead([], 1).untilWanted(50, 10), 0);
  assert.equal(playhead([arrived(0), arrived(10), arrived(20)], 1).untilWanted(20, 10), 1_980);
  assert.equal(playhead([arrived(0), arrived(10), arrived(20)], 2).untilWanted(20, 10), 980);
});

const line = (fields: { event: string; [field: string]: unknown }): LogLine => ({
  ...{ level: 'warn', time: '2026-11-23T00:00:01.500Z', role: 'worker', node: 'worker-1' },
  ...fields,
});
const AT_MS = Date.parse('2026-11-23T00:00:00.000Z');

test('of all lines that have what is wanted the earliest counts, and none from before', () => {
  const late = line({ event: 'task_done', taskId: 'a', time: '2026-11-23T00:00:03.000Z' });
  const early = line({ event: 'task_done', taskId: 'a' });
  const other = line({ event: 'task_done', taskId: 'b', time: '2026-11-23T00:00:00.000Z' });
  assert.equal(firstOf([late, early, other], { event: 'task_done', taskId: 'a' }, AT_MS), early);
  assert.equal(firstOf([late, early, other], { event: 'task_done', taskId: 'a' }, AT_MS + 2_000), late);
  assert.equal(firstOf([late, early, other], { event: 'task_done', taskId: 'c' }, AT_MS), undefined);
});

test('a line is told from the fault on, without what its reader knows and without folders of this machine', () => {
  const err = { message: 'Error: /tmp/x/mounted is away', stack: 'at /tmp/x' };
  const taskId = '51c0d512-aaaa-4bbb-8ccc-0123456789ab';
  const told = tellLine(line({ videoId: 'v', taskId, err, event: 'store_paused' }), {
    faultMs: AT_MS,
    folder: '/tmp/x',
  });
  assert.equal(
    told,
    '  1500  {"level":"warn","node":"worker-1","taskId":"51c0d512-…","err":{"message":"Error: …/mounted is away"},"event":"store_paused"}',
  );
});

test('an upload that went back behind what was acknowledged has lost bytes', () => {
  const offsets = (...all: number[]) => ({ acknowledged: all.map((offset) => ({ wallMs: 0, offset })) });
  assert.deepEqual(lostBytes(offsets(0, 8, 8, 16)), []);
  assert.match(lostBytes(offsets(0, 8, 16, 8)).join(), /went back to 8/);
});

test('what is written takes the place of what was written before, and nothing else changes', () => {
  const wanted = DOCUMENT.split('<!-- ');
  assert.equal(wanted.length, 3, 'docs/failures.md has both marks');
  const once = between(DOCUMENT, 'new words');
  assert.equal(between(once, 'new words'), once);
  assert.ok(once.startsWith(wanted[0] ?? '') && once.includes('-->\nnew words\n<!--'));
  assert.throws(() => between('no marks', 'new words'), /must have one/);
});

test('docs/failures.md shows every scenario, with lines such as are logged today', () => {
  for (const { name, done, test: held } of SCENARIOS) {
    assert.ok(DOCUMENT.includes(`\`${name}\`. ${done}\n`), name);
    assert.ok(DOCUMENT.includes(`\`${held}\``), held);
  }
  const shown = DOCUMENT.match(/^ *\d+ {2}\{.*\}$/gm) ?? [];
  assert.ok(shown.length > SCENARIOS.length);
  for (const text of shown) {
    const { level, node, event, ...fields } = JSON.parse(text.slice(text.indexOf('{'))) as Record<string, string>;
    assert.ok(level && node && event && event in LOG_EVENTS, text);
    const known = fieldsOf(event as keyof typeof LOG_EVENTS).map(({ name }) => name);
    for (const name of Object.keys(fields)) assert.ok(known.includes(name), `${event} has no field ${name}`);
  }
});
