import type { LogLine } from '../../domain/log-line.ts';
import { byTime } from './by-time.ts';
import { isRefused, isRunLine, isServed, type ServedLine, startOf } from './run-lines.ts';
import { hasStarved, ownEntry, saidIn, switchEntry } from './session-entries.ts';
import type { SessionEntry, SessionStory, SessionTotals } from './session-entry.ts';
import { SessionRuns } from './session-runs.ts';
import { switchFinder } from './switch-finder.ts';

/**
 * What happened in one viewing, from the lines of its routers and edges.
 * @param lines of this session, at least one.
 * @param around what befell edges and videos in all the time of the logs.
 */
export function sessionStory(sessionId: string, lines: readonly LogLine[], around: readonly LogLine[]): SessionStory {
  const videoId = lines.flatMap((line) => ('videoId' in line ? (line.videoId ?? []) : []))[0];
  const starts = startsOf([...lines, ...meanwhile(lines, around, videoId)]);
  const sorted = [...starts.keys()].sort((a, b) => (starts.get(a) ?? 0) - (starts.get(b) ?? 0) || byTime(a, b));
  const entries = entriesOf(sorted, (line) => new Date(starts.get(line) ?? 0).toISOString());
  return {
    about: 'session',
    sessionId,
    ...(videoId === undefined ? {} : { videoId }),
    from: new Date([...starts.values()].reduce((a, b) => Math.min(a, b))).toISOString(),
    to: lastTime(lines),
    entries,
    totals: totalsOf(lines.filter(isServed), entries),
  };
}

function entriesOf(lines: readonly LogLine[], startAt: (line: LogLine) => string): SessionEntry[] {
  const runs = new SessionRuns();
  const switchAt = switchFinder(lines);
  for (const line of lines) {
    const change = switchAt(line);
    if (change) runs.tell(switchEntry(change, line));
    if (hasStarved(line)) runs.tell({ is: 'starved', ...saidIn(line), at: line.time });
    const own = ownEntry(line, startAt(line));
    if (own) runs.tell(own);
    else if (isRunLine(line)) runs.add(line);
  }
  return runs.end();
}

/** A router tells of a move when the next edge answers, which has been at work by then: the move came before. */
function startsOf(lines: readonly LogLine[]): Map<LogLine, number> {
  const starts = new Map(lines.map((line) => [line, startOf(line)]));
  const served = lines.filter(isServed);
  for (const move of lines.filter((line) => line.event === 'session_reassigned')) {
    const answers = served.filter(({ edge, time }) => edge === move.to && time >= move.time);
    starts.set(
      move,
      answers.map(startOf).reduce((a, b) => Math.min(a, b), Date.parse(move.time)),
    );
  }
  return starts;
}

const lastTime = (lines: readonly LogLine[]): string =>
  lines.map(({ time }) => time).reduce((a, b) => (a > b ? a : b), '');

/** Of what befell others: what befell its edges or its video while it lasted. */
function meanwhile(lines: readonly LogLine[], around: readonly LogLine[], videoId: string | undefined): LogLine[] {
  const times = lines.map(({ time }) => time).sort();
  const [from = '', to = ''] = [times[0], times.at(-1)];
  const edges = new Set(lines.flatMap(edgesIn));
  return around.filter((line) => {
    if (line.time < from || line.time > to) return false;
    if (line.event === 'video_withdrawn') return line.videoId === videoId;
    if (line.event === 'child_exited') return edges.has(line.child);
    return 'edge' in line && line.edge !== undefined && edges.has(line.edge);
  });
}

function edgesIn(line: LogLine): string[] {
  if (line.event === 'session_reassigned') return [line.from, line.to];
  return 'edge' in line && line.edge !== undefined ? [line.edge] : [];
}

function totalsOf(served: readonly ServedLine[], entries: readonly SessionEntry[]): SessionTotals {
  const answered = served.filter((line) => !isRefused(line));
  const count = (outcome: string): number => answered.filter(({ cache }) => cache === outcome).length;
  const entriesOf = (is: SessionEntry['is']): number => entries.filter((entry) => entry.is === is).length;
  const buffers = answered.filter(hasBegun).flatMap((line) => saidIn(line).bufferMs ?? []);
  return {
    requests: served.length,
    bytes: served.reduce((total, { bytes }) => total + bytes, 0),
    hits: count('hit'),
    readAhead: count('prefetched'),
    misses: count('miss'),
    joined: count('coalesced'),
    refused: served.length - answered.length,
    switches: entriesOf('switched'),
    moves: entriesOf('moved'),
    ...(buffers.length > 0 && { leastBufferMs: buffers.reduce((a, b) => Math.min(a, b)) }),
  };
}

/** At first, and after a seek, the buffer has to be filled. */
const hasBegun = ({ cmcd }: ServedLine): boolean => typeof cmcd === 'object' && cmcd.su !== true;
