import type { Spans } from './session-entry.ts';

/** Small words of which the sentences are made. */

/** `+12.345 s`, so wide that an hour's seconds stand below one another. */
export const sinceStart = (at: string, from: string): string =>
  `+${((Date.parse(at) - Date.parse(from)) / 1000).toFixed(3)} s`.padStart(SINCE_WIDTH);
const SINCE_WIDTH = 11;

const MS_PER_S = 1000;
const S_PER_MIN = 60;

/** 12 ms, 3.4 s, 4 min 8 s. */
export function timeText(ms: number): string {
  if (ms < MS_PER_S) return `${Math.round(ms)} ms`;
  const seconds = ms / MS_PER_S;
  if (seconds < S_PER_MIN) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / S_PER_MIN)} min ${Math.round(seconds % S_PER_MIN)} s`;
}

const UNITS = [
  ['GB', 1e9],
  ['MB', 1e6],
  ['kB', 1e3],
] as const;

export function sizeText(bytes: number): string {
  const [unit, size] = UNITS.find(([, size]) => bytes >= size) ?? ['bytes', 1];
  return `${size === 1 ? bytes : (bytes / size).toFixed(1)} ${unit}`;
}

/** 1 hit, 2 hits; 1 miss, 2 misses. */
export const countText = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;

/** Segment 3; segments 3–9, 12. */
export function segmentsText(spans: Spans): string {
  const isOne = spans.length === 1 && spans[0]?.[0] === spans[0]?.[1];
  return `segment${isOne ? '' : 's'} ${spansText(spans)}`;
}

export const spansText = (spans: Spans): string =>
  spans.map(([first, last]) => (first === last ? `${first}` : `${first}–${last}`)).join(', ');

type Part = string | false | undefined;

/** Parts of a sentence that there is something to say about. */
export const joined = (...parts: readonly Part[]): string =>
  parts.filter((part) => part !== false && part !== undefined && part !== '').join(', ');

/** In brackets, where there is something to say. */
export const aside = (...parts: readonly Part[]): string => {
  const text = joined(...parts);
  return text === '' ? '' : ` (${text})`;
};

/** 2026-11-23 00:12:03.123 UTC */
export const momentText = (iso: string): string => iso.replace('T', ' ').replace('Z', ' UTC');
