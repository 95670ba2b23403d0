import type { LogEvent } from '../../domain/log-events.ts';
import type { LogLine } from '../../domain/log-line.ts';
import { messageIn } from './message-in.ts';
import type { AheadRun, RefusedRun, ServedRun, SessionEntry } from './session-entry.ts';
import { spansOf } from './spans.ts';

type Of<Event extends LogEvent['event']> = Extract<LogLine, { event: Event }>;
export type ServedLine = Of<'segment_served'>;
export type RunLine = ServedLine | Of<'segment_prefetched'> | Of<'prefetch_dropped'>;

export const isRunLine = (line: LogLine): line is RunLine =>
  line.event === 'segment_served' || line.event === 'segment_prefetched' || line.event === 'prefetch_dropped';

/**
 * Folds a viewing's many requests: those of one track that were answered alike, one after the other, become one entry,
 * which stands where its first one was. What is worth an entry of its own ends all runs, so that the order stays true.
 */
export class SessionRuns {
  /** By track and sort; a run ends when the next request of its track is of another sort. */
  readonly #open = new Map<string, { readonly sort: string; readonly lines: RunLine[]; readonly entry: number }>();
  readonly #entries: (SessionEntry | undefined)[] = [];

  add(line: RunLine): void {
    const [track, sort] = [trackOf(line), sortOf(line)];
    const run = this.#open.get(track);
    if (run?.sort === sort) {
      run.lines.push(line);
      return;
    }
    if (run) this.#close(track);
    this.#open.set(track, { sort, lines: [line], entry: this.#entries.push(undefined) - 1 });
  }

  tell(entry: SessionEntry): void {
    this.#closeAll();
    this.#entries.push(entry);
  }

  /** All entries, in the order of time. */
  end(): SessionEntry[] {
    this.#closeAll();
    return this.#entries.filter((entry) => entry !== undefined);
  }

  #closeAll(): void {
    for (const track of [...this.#open.keys()]) this.#close(track);
  }

  #close(track: string): void {
    const run = this.#open.get(track);
    if (run) this.#entries[run.entry] = entryOf(run.lines);
    this.#open.delete(track);
  }
}

/** Requests for one rendition follow one another; what is fetched ahead for it is another sequence. */
const trackOf = (line: RunLine): string =>
  `${line.event === 'segment_served' ? 'asked' : 'ahead'} ${line.kind} ${line.rendition}`;

function sortOf(line: RunLine): string {
  if (line.event !== 'segment_served') return `${line.event} ${line.node} ${line.reason} ${obstacleIn(line)}`;
  return isRefused(line) ? `${line.edge} ${line.status} ${line.code}` : `${line.edge} ${sourceOf(line)}`;
}

const obstacleIn = (line: RunLine): string | undefined => ('obstacle' in line ? line.obstacle : undefined);

const FIRST_REFUSAL = 400;
export const isRefused = ({ status }: Pick<ServedLine, 'status'>): boolean => status >= FIRST_REFUSAL;

function sourceOf({ cache }: ServedLine): ServedRun['from'] {
  if (cache === 'miss') return 'store';
  return cache === 'coalesced' ? 'joined' : 'cache';
}

/** When what the line tells of began. */
export const startOf = (line: LogLine): number =>
  Date.parse(line.time) -
  (line.event === 'segment_served' || line.event === 'segment_prefetched' ? line.durationMs : 0);

function entryOf(lines: readonly RunLine[]): SessionEntry {
  const served = lines.filter((line) => line.event === 'segment_served');
  return served.length > 0 ? servedEntry(served) : aheadEntry(lines.filter((line) => line.event !== 'segment_served'));
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
    slowestMs: Math.max(...lines.map(({ durationMs }) => durationMs)),
  };
}

function aheadEntry(lines: readonly Exclude<RunLine, ServedLine>[]): SessionEntry & AheadRun {
  const [first] = lines as readonly [Exclude<RunLine, ServedLine>];
  const obstacle = obstacleIn(first);
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

/** When it was, of which rendition, and which segments. */
function spanOf(lines: readonly RunLine[]) {
  const rendition = lines[0]?.rendition;
  return {
    at: new Date(Math.min(...lines.map(startOf))).toISOString(),
    until: new Date(Math.max(...lines.map(({ time }) => Date.parse(time)))).toISOString(),
    ...(rendition && { rendition }),
    segments: spansOf(lines.flatMap(({ segment }) => segment ?? [])),
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
