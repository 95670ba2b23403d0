import type { IncomingHttpHeaders } from 'node:http';
import { decodeCmcd } from '@svta/cml-cmcd';

/**
 * What a player says of itself with a request (CMCD: CTA-5004 and CTA-5004-A), under the keys of that standard, so
 * that a log line reads as its tables do: `br`, `tb`, `mtp`, `rtp` in kbit/s, `bl`, `d`, `dl`, `ltc`, `msd`, `bsd` in
 * ms. All of it is a claim of the client: it may be written down and may guide read-ahead, nothing else.
 */
export type Cmcd = {
  readonly said: Readonly<Record<string, number | string | true>>;
  /** Paths of the objects that it will ask for next, relative to this one; as claimed. */
  readonly next: readonly string[];
};

/** Undefined where the player says nothing; what cannot be understood is no reason to refuse a request. */
export function readCmcd(target: string, headers: IncomingHttpHeaders): Cmcd | 'malformed' | undefined {
  const text = fromQuery(target) ?? fromHeaders(headers);
  if (text === undefined) return undefined;
  if (text.length > MAX_LENGTH) return 'malformed';
  try {
    return pick(decodeCmcd(decodeURIComponent(text)) as Readonly<Record<string, unknown>>);
  } catch {
    // The library throws plain errors for whatever is not a structured field (RFC 9651).
    return 'malformed';
  }
}

/** All keys of both versions, at the longest that players send them, fit twice. */
const MAX_LENGTH = 2048;

function fromQuery(target: string): string | undefined {
  const question = target.indexOf('?');
  if (question < 0) return undefined;
  const parameter = target.slice(question + 1).split('&', MAX_PARAMETERS);
  return parameter.find((one) => one.startsWith('CMCD='))?.slice('CMCD='.length);
}

/** Playback uses no other parameter. */
const MAX_PARAMETERS = 8;

/** Four header fields hold one list, parted by how often their keys change. */
const FIELDS = ['cmcd-request', 'cmcd-object', 'cmcd-status', 'cmcd-session'] as const;

function fromHeaders(headers: IncomingHttpHeaders): string | undefined {
  const parts = FIELDS.flatMap((name) => headers[name] ?? []);
  // A query is escaped as a whole, a header is not, though the paths in it are.
  return parts.length === 0 ? undefined : parts.join(',').replaceAll('%', '%25');
}

const NUMBERS = ['br', 'tb', 'mtp', 'rtp', 'bl', 'd', 'dl', 'ltc', 'msd', 'bsd', 'pr', 'v'] as const;
const FLAGS = ['bs', 'su', 'bg'] as const;
const WORDS = ['ot', 'sf', 'st', 'sta', 'sid'] as const;
/** A month in ms, or a terabit per second in kbit/s: what is beyond was made up. */
const MAX_NUMBER = 2.7e9;
const MAX_WORD_LENGTH = 64;
const MAX_NEXT = 4;

function pick(all: Readonly<Record<string, unknown>>): Cmcd {
  const said: Record<string, number | string | true> = {};
  for (const key of NUMBERS) {
    const value = plain(all[key]);
    if (typeof value === 'number' && value >= 0 && value <= MAX_NUMBER) said[key] = value;
  }
  for (const key of FLAGS) if (plain(all[key]) === true) said[key] = true;
  for (const key of WORDS) {
    const value = plain(all[key]);
    if (typeof value === 'string' && value.length <= MAX_WORD_LENGTH) said[key] = value;
  }
  return { said, next: nextPaths(all.nor) };
}

/** In version 2 most values are lists, one item for each track; the first one is what version 1 would have said. */
function plain(value: unknown): unknown {
  const first: unknown = Array.isArray(value) ? value[0] : value;
  return typeof first === 'object' && first !== null && 'value' in first ? first.value : first;
}

function nextPaths(nor: unknown): string[] {
  const items: unknown[] = Array.isArray(nor) ? nor : [nor];
  const paths = items.slice(0, MAX_NEXT).map(plain);
  return paths.flatMap((path) => (typeof path === 'string' ? [decodeURIComponent(path)] : []));
}
