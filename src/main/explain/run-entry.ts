import type { LogLine } from '../../domain/log-line.ts';
import { messageIn } from './message-in.ts';
import {
  type AheadLine,
  type FailedLine,
  isRefused,
  isServed,
  type RunLine,
  type ServedLine,
  sourceOf,
  startOf,
} from './run-lines.ts';
import type { AheadRun, FailedRun, RefusedRun, ServedRun, SessionEntry } from './session-entry.ts';
import { spansOf } from './spans.ts';

/** What the lines of one run come to; they are of one sort, at least one. */
export function entryOf(lines: readonly RunLine[]): SessionEntry {
  const failed = lines.filter((line) => line.event === 'request_failed');
  if (failed.length > 0) return failedEntry(failed);
  const served = lines.filter(isServed);
  if (served.length > 0) return servedEntry(served);
  return aheadEntry(lines.filter((line) => line.event === 'segment_prefetched' || line.event === 'prefetch_dropped'));
}

function servedEntry(lines: readonly ServedLine[]): SessionEntry & (ServedRun | RefusedRun) {
  const [first] = lines as readonly [ServedLine];
  const { edge, status, code, kind } = first;
  const common = { ...spanOf(lines), edge, requests: lines.length };
  if (isRefused(first)) {
    const message = messageIn(first.err);
    const extra = { ...(code && { code }), ...(kind && { kind }), ...(message && { message }) };
    return { is: 'refused', ...common, status, ...extra };
  }
  return {
    is: 'served',
    ...common,
    kind: kind ?? 'nothing',
    from: sourceOf(first),
    readAhead: lines.filter(({ cache }) => cache === 'prefetched').length,
    stale: lines.filter(({ stale }) => stale).length,
    aborted: lines.filter(({ aborted }) => aborted).length,
    bytes: sum(lines.map(({ bytes }) => bytes)),
    slowestMs: lines.map(({ durationMs }) => durationMs).reduce((a, b) => Math.max(a, b)),
  };
}

function aheadEntry(lines: readonly AheadLine[]): SessionEntry & AheadRun {
  const [first] = lines as readonly [AheadLine];
  const obstacle = 'obstacle' in first ? first.obstacle : undefined;
  return {
    is: obstacle === undefined ? 'read_ahead' : 'not_read_ahead',
    ...spanOf(lines),
    edge: first.node,
    kind: first.kind,
    objects: lines.length,
    bytes: sum(lines.map((line) => ('bytes' in line ? line.bytes : 0))),
    reason: first.reason,
    ...(obstacle && { obstacle }),
  };
}

function failedEntry(lines: readonly FailedLine[]): SessionEntry & FailedRun {
  const [{ role, status, err }] = lines as readonly [FailedLine];
  return {
    is: 'failed',
    ...timesOf(lines),
    role,
    ...(status !== undefined && { status }),
    message: messageIn(err) ?? 'no reason was given',
    requests: lines.length,
  };
}

/** When it was, of which rendition, and which segments. */
function spanOf(lines: readonly (ServedLine | AheadLine)[]) {
  const rendition = lines[0]?.rendition;
  const segments = spansOf(lines.flatMap(({ segment }) => segment ?? []));
  return { ...timesOf(lines), ...(rendition && { rendition }), segments };
}

const timesOf = (lines: readonly LogLine[]) => ({
  at: new Date(lines.map(startOf).reduce((a, b) => Math.min(a, b))).toISOString(),
  until: lines.map(({ time }) => time).reduce((a, b) => (a > b ? a : b)),
});

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
