import type { AheadRun, RefusedRun, ServedRun, SessionEntry, SessionStory } from './session-entry.ts';
import { aside, countText, joined, momentText, segmentsText, sinceStart, sizeText, timeText } from './words.ts';

/** The story of a viewing in sentences, a line each. */
export function tellSession({ sessionId, videoId, from, to, entries, totals }: SessionStory): string[] {
  const lasted = timeText(Date.parse(to) - Date.parse(from));
  return [
    `Session ${sessionId} of video ${videoId ?? '(unknown)'}: from ${momentText(from)}, ${lasted}`,
    ...entries.map((entry) => `${sinceStart(entry.at, from)}  ${sentenceOf(entry)}`),
    `In all: ${joined(
      countText(totals.requests, 'request'),
      sizeText(totals.bytes),
      `${totals.hits} from the cache`,
      `${totals.readAhead} read ahead`,
      `${totals.misses} from the store`,
      totals.joined > 0 && `${totals.joined} with the read of another`,
      totals.refused > 0 && `${totals.refused} refused`,
      countText(totals.switches, 'switch', 'switches'),
      countText(totals.moves, 'move'),
      totals.leastBufferMs !== undefined && `buffer never below ${timeText(totals.leastBufferMs)}`,
    )}.`,
  ];
}

function sentenceOf(entry: SessionEntry): string {
  switch (entry.is) {
    case 'started':
      return startText(entry);
    case 'served':
      return servedText(entry);
    case 'refused':
      return refusedText(entry);
    case 'read_ahead':
      return `${entry.edge} read ${whatText(entry)} ahead: ${AHEAD[entry.reason] ?? entry.reason}${aside(sizeText(entry.bytes))}`;
    case 'not_read_ahead':
      return `${entry.edge} did not read ${whatText(entry)} ahead: ${OBSTACLES[entry.obstacle ?? ''] ?? entry.obstacle}`;
    case 'switched':
      return switchText(entry);
    case 'starved':
      return `the player says that its buffer ran dry`;
    case 'moved':
      return movedText(entry);
    case 'broken_off':
      return `the router broke off after ${sizeText(entry.bytes)}: no edge could bring the rest${aside(entry.edge, entry.reason)}`;
    case 'failed':
      return failedText(entry);
    case 'meanwhile':
      return meanwhileText(entry);
    default:
      return entry satisfies never;
  }
}

type Of<Is extends SessionEntry['is']> = Extract<SessionEntry, { is: Is }>;

function startText({ edge, choice, file, granted }: Of<'started'>): string {
  const token = aside(granted && 'with a playback token');
  if (edge === undefined) return `asked for ${file}: no edge was healthy, it begins wherever there is one${token}`;
  return `asked for ${file}; sent to ${edge}: ${CHOICES[choice ?? ''] ?? 'why is not in the log'}${token}`;
}

const CHOICES: Readonly<Record<string, string>> = {
  best: 'by its hash the best edge for this video',
  spill: 'better edges for this video had their share of requests',
  least_loaded: 'all edges had their share of requests, this one the least',
};

function servedText(run: ServedRun): string {
  const { edge, from, requests, readAhead, stale, aborted, bytes, slowestMs } = run;
  const hits = requests - readAhead;
  const outcome = {
    cache: `from its cache: ${joined(hits > 0 && countText(hits, 'hit'), readAhead > 0 && `${readAhead} read ahead`)}`,
    store: `from the store: ${countText(requests, 'miss', 'misses')}`,
    joined: `with a read that was under way: ${countText(requests, 'request')}`,
  }[from];
  const notes = joined(
    stale > 0 && `${stale} older than they should be`,
    aborted > 0 && `${aborted} not taken to the end`,
  );
  return `${edge} served ${whatText(run)} ${outcome}${aside(sizeText(bytes), `at most ${timeText(slowestMs)}`, notes)}`;
}

function refusedText(run: RefusedRun): string {
  const times = run.requests > 1 ? ` ${run.requests} times` : '';
  return `${run.edge} refused ${whatText(run)}${times}: ${run.status} ${run.code ?? ''}${aside(run.message)}`;
}

const failedText = ({ role, message, status, requests }: Of<'failed'>): string =>
  `${countText(requests, 'request')} failed at ${role}: ${message}${aside(status !== undefined && `status ${status}`)}`;

type What = Pick<ServedRun | AheadRun, 'segments' | 'rendition'> & { readonly kind?: string };

/** Segments 3–9 of v720; the playlist of v720; the multivariant playlist. */
function whatText({ kind = 'request', rendition, segments }: What): string {
  const thing = segments.length > 0 ? segmentsText(segments) : `the ${KINDS[kind] ?? kind}`;
  return rendition === undefined ? thing : `${thing} of ${rendition}`;
}

const KINDS: Readonly<Record<string, string>> = {
  multivariant: 'multivariant playlist',
  manifest: 'DASH manifest',
  iframes: 'playlist of keyframes',
  image: 'images',
  text: 'captions',
};

/** Why read-ahead fetched it: serve/plan-ahead.ts. */
const AHEAD: Readonly<Record<string, string>> = {
  next: 'next in line',
  fast: 'next in line, for a player that asks fast',
  named: 'the player named it as its next',
  start: 'a viewing begins with it',
  switch: 'the player turns to this rendition',
};

const OBSTACLES: Readonly<Record<string, string>> = {
  store_down: 'the store does not answer',
  busy: 'the store is busy with what somebody waits for',
  too_many: 'too much is being read ahead already',
  too_many_bytes: 'too many bytes are being read ahead already',
  too_many_for_session: 'enough is being read ahead for this session',
  failed: 'the read failed',
};

function switchText({ from, to, segment, throughputKbps, bufferMs, logged }: Of<'switched'>): string {
  const said = joined(
    throughputKbps !== undefined && `it measured ${throughputKbps} kbit/s`,
    bufferMs !== undefined && `${timeText(bufferMs)} in its buffer`,
  );
  const how = directionOf(from, to);
  const lost = logged ? '' : aside('as the requests show; it changed its edge at the same time');
  return `the player switched ${how}from ${from} to ${to} at segment ${segment}${said === '' ? '' : `: ${said}`}${lost}`;
}

/** Names of renditions begin with their lines: v720, v720-av1. */
function directionOf(from: string, to: string): string {
  const [before, after] = [from, to].map((name) => Number(/^v(\d+)/.exec(name)?.[1]));
  if (before === undefined || after === undefined || !(before !== after)) return '';
  if (Number.isNaN(before) || Number.isNaN(after)) return '';
  return after > before ? 'up ' : 'down ';
}

function movedText({ from, to, reason, bytes, tries }: Of<'moved'>): string {
  const middle = bytes > 0 ? ` went on after ${sizeText(bytes)} of the body` : ' answered instead';
  return `${from} ${REASONS[reason] ?? `failed (${reason})`}; ${to}${middle}, and keeps the session${aside(tries > 2 && `the ${tries}. edge that was asked`)}`;
}

/** Why a session moves: docs/routing.md. */
const REASONS: Readonly<Record<string, string>> = {
  refused: 'refused the connection',
  first_byte_timeout: 'did not begin to answer in time',
  reset: 'broke the connection',
  stalled: 'fell silent in the middle',
  bad_answer: 'gave an answer that cannot be passed on',
  overloaded: 'was overloaded',
  draining: 'is being drained',
  edge_out: 'had been left out',
  edge_gone: 'is no longer there',
  other_version: 'holds another version',
};

function meanwhileText({ event, node, edge, reason, by, draining }: Of<'meanwhile'>): string {
  if (event === 'edge_down') return `${node} left ${edge} out: ${reason}${aside(by && `found by a ${by}`)}`;
  if (event === 'edge_up') return `${node} took ${edge} in again`;
  if (event === 'edge_draining') return `${node} says that ${edge} ${draining ? 'drains' : 'no longer drains'}`;
  if (event === 'child_exited') return `the process of ${edge} ended: ${reason}`;
  return `${node} serves nothing of this video any more: its published playlist is gone`;
}
