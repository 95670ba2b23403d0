import type { LogEventName } from '../../domain/log-events.ts';
import { type LogLine, parseLogLine } from '../../domain/log-line.ts';
import { byTime } from './by-time.ts';

/** What was read, and what could not be used of it. */
export type ReadCounts = {
  readonly lines: number;
  /** No lines of Millrace: other programs', traces of crashes. */
  readonly foreign: number;
  /** Lines that were cut off, or that hold what such a line cannot hold. */
  readonly broken: number;
  /** Lines about the subject beyond the bound: the story lacks them. */
  readonly leftOut: number;
};

/** Everything the logs say of one session or video. Lines stand in the order of time, whatever order they came in. */
export type Gathered = {
  readonly ofSession: readonly LogLine[];
  readonly ofVideo: readonly LogLine[];
  /** What befell edges, workers and stores meanwhile, whoever it is about. */
  readonly around: readonly LogLine[];
  readonly counts: ReadCounts;
};

/** Events that explain what happened to a session or a video without naming it. */
const AROUND: ReadonlySet<string> = new Set<LogEventName>([
  'edge_down',
  'edge_up',
  'edge_draining',
  'child_exited',
  'store_paused',
  'store_resumed',
  'video_withdrawn',
]);
/** Reads all lines, keeps those that have to do with the id, and parses no other. */
export async function gatherLines(id: string, texts: AsyncIterable<string>): Promise<Gathered> {
  const kept: Record<Place, LogLine[]> = { ofSession: [], ofVideo: [], around: [] };
  const counts = { lines: 0, foreign: 0, broken: 0, leftOut: 0 };
  for await (const text of texts) {
    if (text.trim() === '') continue;
    counts.lines += 1;
    const event = EVENT.exec(text)?.[1];
    if (event === undefined) counts.foreign += 1;
    if (event === undefined || !(text.includes(id) || AROUND.has(event))) continue;
    const line = parseText(text);
    const place = line && placeOf(line, id);
    if (!line) counts.broken += 1;
    else if (place && kept[place].length < MOST[place]) kept[place].push(line);
    else if (place) counts.leftOut += 1;
  }
  for (const lines of Object.values(kept)) lines.sort(byTime);
  return { ...kept, counts };
}

type Place = 'ofSession' | 'ofVideo' | 'around';
/** Two hours of a video with sound come to some ten thousand lines, of about 1 KB each in memory. */
const MOST: Readonly<Record<Place, number>> = { ofSession: 200_000, ofVideo: 200_000, around: 20_000 };

function placeOf(line: LogLine, id: string): Place | undefined {
  if ('sessionId' in line && line.sessionId === id) return 'ofSession';
  const isOfVideo = ('videoId' in line && line.videoId === id) || ('of' in line && line.of === id);
  // What every request of every viewer says is no part of the video's own story.
  const isPlayback = 'sessionId' in line && line.event !== 'session_started';
  if (isOfVideo && !isPlayback) return 'ofVideo';
  return AROUND.has(line.event) ? 'around' : undefined;
}

/** pino writes the event last; whatever runs the role may put its own words before a line. */
const EVENT = /"event":"([a-z_]+)"/;

function parseText(text: string): LogLine | undefined {
  try {
    return parseLogLine(JSON.parse(text.slice(text.indexOf('{'))));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
