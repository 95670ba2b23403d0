import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

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
};

const nothingSeen = (): PacketTimes => ({
  startTicks: undefined,
  endTicks: undefined,
  lastTicks: 0,
  lastKeyframeTicks: undefined,
  keyframeTicks: 0,
});

/** Sums up ffprobe's packet lines per track, however many there are. */
export async function readPackets(output: Readable): Promise<Map<number, PacketTimes>> {
  const tracks = new Map<number, PacketTimes>();
  for await (const line of createInterface({ input: output, crlfDelay: Number.POSITIVE_INFINITY })) {
    const packet = parsePacket(line);
    if (!packet) continue;
    const times = tracks.get(packet.track) ?? nothingSeen();
    tracks.set(packet.track, times);
    addPacket(times, packet);
  }
  return tracks;
}

type Packet = { track: number; atTicks: number; durationTicks: number; isKeyframe: boolean };

/** A line such as `stream_index=0|pts=1001|dts=0|duration=1001|flags=K_`. */
function parsePacket(line: string): Packet | undefined {
  const fields = new Map(line.split('|').map((field) => field.split('=', 2) as [string, string]));
  const flags = fields.get('flags') ?? '';
  const atTicks = ticks(fields.get('pts')) ?? ticks(fields.get('dts'));
  const track = ticks(fields.get('stream_index'));
  // D: to be decoded but not shown, before the start that an edit list sets.
  if (atTicks === undefined || track === undefined || flags.includes('D')) return undefined;
  return { track, atTicks, durationTicks: ticks(fields.get('duration')) ?? 0, isKeyframe: flags.includes('K') };
}

const ticks = (text: string | undefined): number | undefined =>
  text !== undefined && /^-?\d+$/.test(text) ? Number(text) : undefined;

function addPacket(times: PacketTimes, { atTicks, durationTicks, isKeyframe }: Packet): void {
  times.startTicks = Math.min(times.startTicks ?? atTicks, atTicks);
  times.endTicks = Math.max(times.endTicks ?? atTicks, atTicks + durationTicks);
  times.lastTicks = Math.max(times.lastTicks, atTicks);
  if (!isKeyframe) return;
  times.keyframeTicks = Math.max(times.keyframeTicks, atTicks - (times.lastKeyframeTicks ?? atTicks));
  times.lastKeyframeTicks = atTicks;
}
