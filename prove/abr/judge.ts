import type { Seen } from './seen.ts';

/** The fields of a `rendition_switched` line that say what happened. */
export type Switch = { readonly from: string; readonly to: string; readonly segment: number };

export type Story = {
  /** As the edge logged them, in order. */
  readonly switches: readonly Switch[];
  /** Start of each segment in the media timeline. */
  readonly starts: readonly number[];
  /** How long a frame is shown. */
  readonly frameSeconds: number;
  readonly seen: Seen;
  readonly longestStallMs: number;
};

/** One change of the picture, as the log has it and as it was decoded. */
export type Pair = Switch & {
  /** Where the log puts it: the start of that segment. */
  readonly startSeconds: number;
  /** The frames on both sides of it. */
  readonly lastOldSeconds: number;
  readonly firstNewSeconds: number;
  readonly heightPx: number;
  /** currentTime as the handler of the `resize` event found it, and when that was. */
  readonly resizeSeconds: number;
  readonly atMs: number;
  /**
   * From the start of the segment to the first frame of the new size. Where frames between the two were left out, that
   * one came at any of their times, and the nearest to the start counts.
   */
  readonly apartSeconds: number;
};

export type Verdict = {
  readonly pairs: readonly Pair[];
  readonly downs: number;
  readonly ups: number;
  /** What is wrong, in words. */
  readonly complaints: readonly string[];
};

export const MOST_APART_SECONDS = 0.1;
/** A player that stalls for so long while it has next to nothing loaded has run dry. */
const DRY_STAND_MS = 300;
const DRY_SECONDS = 0.5;
/** With media in hand it is the machine that stalls, whose other work may take the processor for a moment; not for longer. */
const MOST_STALL_MS = 1000;
/** At the start of a video nothing is loaded yet, and at its end nothing is left to load. */
const ENDS_SECONDS = 1;
/** Where a busy browser left out more than this, nobody can say when the picture changed. */
const MOST_LEFT_OUT_SECONDS = 1;

/** Pure: did the player switch down and up without a stall, and do log and screen tell the same story? */
export function judge(story: Story): Verdict {
  const changes = changesBy(story.switches).filter((change) => isReached(change, story));
  const unlike = unlikeScreen(changes, story);
  const pairs = unlike.length > 0 ? [] : changes.map((change, i) => pairOf(change, i, story));
  const downs = pairs.filter(isDown).length;
  const ups = pairs.filter(({ from, to }) => heightOf(to) > heightOf(from)).length;
  const complaints = [...unlike, ...pairs.flatMap(apart)];
  if (unlike.length === 0 && downs === 0) complaints.push('the player never switched down');
  if (unlike.length === 0 && ups === 0) complaints.push('the player never switched up');
  complaints.push(...stall(story));
  return { pairs, downs, ups, complaints };
}

/**
 * The changes of the picture that follow from the log. A switch says what is asked for from its segment on. Where a
 * player asks for a segment again, or for an earlier one, it takes back what it asked for before: only the last word on a
 * segment is shown, and a switch that was taken back whole is none.
 */
export function changesBy(switches: readonly Switch[]): Switch[] {
  const [first] = switches;
  if (!first) return [];
  let shown = [{ rendition: first.from, segment: 0 }];
  for (const { to, segment } of switches) {
    shown = shown.filter((before) => before.segment < segment);
    if (shown.at(-1)?.rendition !== to) shown.push({ rendition: to, segment });
  }
  return shown.slice(1).map(({ rendition: to, segment }, i) => ({ from: shown[i]?.rendition ?? '', to, segment }));
}

/** A player asks for more than it has shown by the time that somebody leaves. */
function isReached({ segment }: Switch, { starts, seen }: Story): boolean {
  return (starts[segment] ?? 0) <= (seen.samples.at(-1)?.mediaSeconds ?? Number.POSITIVE_INFINITY);
}

/** What the log and the page disagree on before any time is compared. */
function unlikeScreen(changes: readonly Switch[], { seen: { frames, sizes } }: Story): string[] {
  const logged = changes.map(({ to }) => heightOf(to));
  const decoded = frames.slice(1).map(({ heightPx }) => heightPx);
  const resized = resizesAfterFirst({ frames, sizes }).map(({ heightPx }) => heightPx);
  if (frames.length === 0) return ['no frame was ever shown'];
  if (logged.join() !== decoded.join())
    return [`by the log the picture changes to ${list(logged)} lines, on the screen to ${list(decoded)}`];
  if (decoded.join() !== resized.join())
    return [`frames change to ${list(decoded)} lines, by the resize events to ${list(resized)}`];
  return [];
}

/**
 * The events that tell of a change on the screen. A page is also told the sizes of init segments before it shows a frame,
 * and may be told a size twice.
 */
function resizesAfterFirst({ frames, sizes }: Pick<Seen, 'frames' | 'sizes'>): Seen['sizes'] {
  const [first] = frames;
  const later = sizes.filter(({ atMs }) => first !== undefined && atMs >= first.atMs);
  return later.filter(({ heightPx }, i) => heightPx !== (later[i - 1] ?? first)?.heightPx);
}

function pairOf(change: Switch, i: number, { starts, frameSeconds, seen }: Story): Pair {
  const frame = seen.frames[i + 1];
  const resize = resizesAfterFirst(seen)[i];
  const startSeconds = starts[change.segment];
  if (!frame || !resize || startSeconds === undefined) throw new Error(`there is no segment ${change.segment}`);
  const { heightPx, afterSeconds: lastOldSeconds, mediaSeconds: firstNewSeconds } = frame;
  const earliestSeconds = Math.min(lastOldSeconds + frameSeconds, firstNewSeconds);
  const apartSeconds = Math.max(0, earliestSeconds - startSeconds, startSeconds - firstNewSeconds);
  const { mediaSeconds: resizeSeconds, atMs } = resize;
  return { ...change, startSeconds, lastOldSeconds, firstNewSeconds, heightPx, resizeSeconds, atMs, apartSeconds };
}

function apart({ segment, apartSeconds, lastOldSeconds, firstNewSeconds }: Pair): string[] {
  const leftOutSeconds = firstNewSeconds - lastOldSeconds;
  if (leftOutSeconds > MOST_LEFT_OUT_SECONDS)
    return [`nothing was shown for ${leftOutSeconds.toFixed(2)} s around the start of segment ${segment}`];
  if (apartSeconds > MOST_APART_SECONDS)
    return [`the picture changed ${apartSeconds.toFixed(3)} s away from the start of segment ${segment}`];
  return [];
}

function stall({ seen, longestStallMs }: Story): string[] {
  const stalledMs = `the picture stalled for ${Math.round(longestStallMs)} ms`;
  const least = leastBufferSeconds(seen);
  if (longestStallMs > DRY_STAND_MS && least < DRY_SECONDS)
    return [`${stalledMs}, and the player had as little as ${least.toFixed(1)} s loaded`];
  return longestStallMs > MOST_STALL_MS ? [stalledMs] : [];
}

/** The least that was loaded ahead of the playhead between start and end. */
export function leastBufferSeconds({ samples }: Pick<Seen, 'samples'>): number {
  const endSeconds = (samples.at(-1)?.mediaSeconds ?? 0) - ENDS_SECONDS;
  const between = samples.filter(({ mediaSeconds }) => mediaSeconds > ENDS_SECONDS && mediaSeconds < endSeconds);
  return Math.min(...between.map(({ bufferSeconds }) => bufferSeconds));
}

export const isDown = ({ from, to }: Pick<Switch, 'from' | 'to'>): boolean => heightOf(to) < heightOf(from);

/** Renditions are named for their shorter side, which is the height of a landscape picture. */
export const heightOf = (rendition: string): number => Number(rendition.replace(/^v/, ''));

const list = (heights: readonly number[]): string => (heights.length === 0 ? 'nothing else' : heights.join(', '));
