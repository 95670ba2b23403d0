import type { LogLine } from '../../domain/log-line.ts';
import { attemptKey, tellAttempt } from './attempts.ts';
import { byTime } from './by-time.ts';
import type { Attempt, VideoEntry, VideoStory } from './video-entry.ts';

/**
 * What happened to one video, from the lines of all roles.
 * @param lines about this video, at least one.
 * @param around what befell workers and stores in all the time of the logs.
 */
export function videoStory(videoId: string, lines: readonly LogLine[], around: readonly LogLine[]): VideoStory {
  const sorted = lines.toSorted(byTime);
  const attempts = [...Map.groupBy(sorted, attemptKey)].flatMap(([key, of]) =>
    key === undefined ? [] : [tellAttempt(of)],
  );
  const own = sorted.filter((line) => attemptKey(line) === undefined && line.event !== 'session_started');
  const told = [...own, ...meanwhile(attempts, around)].map(
    (line): VideoEntry => ({ is: 'event', at: line.time, line }),
  );
  const entries = [...told, ...attempts].sort((a, b) => (a.at === b.at ? 0 : a.at < b.at ? -1 : 1));
  return {
    about: 'video',
    videoId,
    from: sorted[0]?.time ?? '',
    to: sorted.at(-1)?.time ?? '',
    entries,
    totals: totalsOf(attempts, sorted),
  };
}

/** Of what befell others: what befell its workers while they worked on it. */
function meanwhile(attempts: readonly (VideoEntry & Attempt)[], around: readonly LogLine[]): LogLine[] {
  return around.filter((line) => {
    const who = line.event === 'child_exited' ? line.child : line.node;
    return attempts.some(({ worker, at, endedAt = at }) => worker === who && line.time >= at && line.time <= endedAt);
  });
}

/** So many sessions are named; the logs name them all. */
const SESSIONS_NAMED = 20;

function totalsOf(attempts: readonly Attempt[], lines: readonly LogLine[]): VideoStory['totals'] {
  const stored = attempts.flatMap((attempt) => attempt.stored);
  const sessions = lines.flatMap((line) => (line.event === 'session_started' ? [line.sessionId] : []));
  return {
    tasks: new Set(attempts.map(({ taskId }) => taskId)).size,
    attempts: attempts.length,
    setbacks: attempts.filter(({ end }) => end !== 'done' && end !== 'open').length,
    workers: [...new Set(attempts.flatMap(({ worker }) => worker ?? []))].sort(),
    segments: stored.flatMap(({ segments }) => segments).reduce((total, [first, last]) => total + last - first + 1, 0),
    bytes: stored.reduce((total, { bytes }) => total + bytes, 0),
    sessions: sessions.length,
    sessionIds: sessions.slice(0, SESSIONS_NAMED),
  };
}
