import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { PaceReader, type PacketPace } from './packet-pace.ts';

/** What the packets of one track say about time, in ticks of the track's time base. */
export type PacketTimes = {
  /** Undefined while no packet with a timestamp was seen. */
  startTicks: number | undefined;
  /** Where the last packet ends, in order of presentation. */
  endTicks: number | undefined;
  /** The last packet's timestamp, which is where the track ends if packets have no duration. */
  lastTicks: number;
  lastKeyframeTicks: number | undefined;
  /** Longest distance between neighbouring keyframes. */
  keyframeTicks: number;
  /** Packets of the busiest second. */
  busiestPerSecond: number;
  /** How much later than stored the pictures come out of a decoder: where a container has no times for that. */
  lateTicks: number;
  /** Stretches of steady time: more than one where timestamps start again or jump. */
  spans: Span[];
  readonly pace?: PacketPace;
};
export type Span = { startTicks: number; endTicks: number };

/** What must be known of a track beforehand. */
export type TrackHint = {
  readonly ticksPerSecond: number;
  /** Frames that a decoder holds back to put them in order. */
  readonly reorderFrames: number;
  /** Whether a jump ahead is a fault of the clock, as in transport streams, and not a pause. */
  readonly jumpsAhead: boolean;
};

const UNKNOWN_TRACK: TrackHint = { ticksPerSecond: Number.POSITIVE_INFINITY, reorderFrames: 0, jumpsAhead: false };

/** Sums up ffprobe's packet lines per track, however many there are. */
export async function readPackets(
  output: Readable,
  hints: ReadonlyMap<number, TrackHint> = new Map(),
): Promise<Map<number, PacketTimes>> {
  const tracks = new Map<number, TrackReader>();
  for await (const line of createInterface({ input: output, crlfDelay: Number.POSITIVE_INFINITY })) {
    const packet = parsePacket(line);
    if (!packet) continue;
    const reader = tracks.get(packet.track) ?? new TrackReader(hints.get(packet.track) ?? UNKNOWN_TRACK);
    tracks.set(packet.track, reader);
    reader.add(packet);
  }
  return new Map([...tracks].map(([track, reader]) => [track, reader.times]));
}

type Packet = {
  readonly track: number;
  readonly ptsTicks: number | undefined;
  readonly dtsTicks: number;
  readonly durationTicks: number;
  readonly isKeyframe: boolean;
};

/** A line such as `stream_index=0|pts=1001|dts=0|duration=1001|flags=K_`. */
function parsePacket(line: string): Packet | undefined {
  const fields = new Map(line.split('|').map((field) => field.split('=', 2) as [string, string]));
  const flags = fields.get('flags') ?? '';
  const ptsTicks = ticks(fields.get('pts'));
  const dtsTicks = ticks(fields.get('dts')) ?? ptsTicks;
  const track = ticks(fields.get('stream_index'));
  // D: to be decoded but not shown, before the start that an edit list sets.
  if (dtsTicks === undefined || track === undefined || flags.includes('D')) return undefined;
  return {
    track,
    ptsTicks,
    dtsTicks,
    durationTicks: ticks(fields.get('duration')) ?? 0,
    isKeyframe: flags.includes('K'),
  };
}

const ticks = (text: string | undefined): number | undefined =>
  text !== undefined && /^-?\d+$/.test(text) ? Number(text) : undefined;

/** Packets of one track are out of order by less than this, and no pause within a transport stream is as long. */
export const JUMP_BACK_SECONDS = 1;
export const JUMP_AHEAD_SECONDS = 10;
/** Each needs a term in a filter; a source with more is a broken one. */
export const MAX_JUMPS = 100;
/** That many show that there are too many jumps. What a hostile file has beyond them is not kept. */
const MAX_SPANS = MAX_JUMPS + 2;

class TrackReader {
  readonly #pace = new PaceReader();
  readonly times: PacketTimes = {
    pace: this.#pace.pace,
    startTicks: undefined,
    endTicks: undefined,
    lastTicks: 0,
    lastKeyframeTicks: undefined,
    keyframeTicks: 0,
    busiestPerSecond: 0,
    lateTicks: 0,
    spans: [],
  };
  readonly #hint: TrackHint;
  #lastDtsTicks: number | undefined;
  #lacksTimes = false;
  /** The second that is being counted, and its packets so far. */
  #second: [second: number, packets: number] = [Number.NaN, 0];

  constructor(hint: TrackHint) {
    this.#hint = hint;
  }

  add({ ptsTicks, dtsTicks, durationTicks, isKeyframe }: Packet): void {
    const { times } = this;
    const reorderTicks = this.#hint.reorderFrames * durationTicks;
    // A picture without a time is one that others wait for: it is shown when a decoder has put it in order.
    const atTicks = ptsTicks ?? dtsTicks + reorderTicks;
    if (times.startTicks === undefined && ptsTicks === undefined) times.lateTicks = reorderTicks;
    this.#lacksTimes ||= ptsTicks === undefined;
    const endTicks = (this.#lacksTimes ? dtsTicks + reorderTicks : atTicks) + durationTicks;
    times.startTicks = Math.min(times.startTicks ?? atTicks, atTicks);
    times.endTicks = Math.max(times.endTicks ?? endTicks, endTicks);
    times.lastTicks = Math.max(times.lastTicks, atTicks);
    this.#addToSpan(dtsTicks, atTicks, endTicks);
    this.#pace.add(atTicks, durationTicks);
    this.#count(dtsTicks);
    if (!isKeyframe) return;
    times.keyframeTicks = Math.max(times.keyframeTicks, atTicks - (times.lastKeyframeTicks ?? atTicks));
    times.lastKeyframeTicks = atTicks;
  }

  #addToSpan(dtsTicks: number, atTicks: number, endTicks: number): void {
    const step = (dtsTicks - (this.#lastDtsTicks ?? dtsTicks)) / this.#hint.ticksPerSecond;
    this.#lastDtsTicks = dtsTicks;
    const jumps = step < -JUMP_BACK_SECONDS || (this.#hint.jumpsAhead && step > JUMP_AHEAD_SECONDS);
    const span = this.times.spans.at(-1);
    if (!span || (jumps && this.times.spans.length < MAX_SPANS)) {
      this.times.spans.push({ startTicks: atTicks, endTicks });
      return;
    }
    span.startTicks = Math.min(span.startTicks, atTicks);
    span.endTicks = Math.max(span.endTicks, endTicks);
  }

  #count(dtsTicks: number): void {
    const second = Math.floor(dtsTicks / this.#hint.ticksPerSecond);
    const [open, packets] = this.#second;
    this.#second = [second, open === second ? packets + 1 : 1];
    this.times.busiestPerSecond = Math.max(this.times.busiestPerSecond, this.#second[1]);
  }
}
