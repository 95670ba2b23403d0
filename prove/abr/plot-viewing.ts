import { heightOf } from './judge.ts';
import type { Ladder } from './ladder.ts';
import { type Panel, type Point, plotSvg } from './plot.ts';
import type { Proof } from './proof.ts';

const COLORS = { given: '#d9e7f7', fetched: '#c2410c', switched: '#111827', buffer: '#0f766e', decoded: '#4338ca' };

/** Bandwidth given, bitrate fetched, buffer and decoded height over the time of one viewing. */
export function plotViewing({ viewing, story }: Proof, ladder: Ladder): string {
  const { startedMs, given, seen, player } = viewing;
  const at = (atMs: number): number => (atMs - startedMs) / 1000;
  const xMax = Math.ceil(at(seen.samples.at(-1)?.atMs ?? startedMs));
  const mbps = (bits: number): number => bits / 1e6;
  const fetched = story.fetched.map(({ atMs, segment, bytes }): Point => {
    const seconds = ladder.segmentSeconds[segment] ?? Number.NaN;
    return [at(atMs), mbps((bytes * 8) / seconds)];
  });
  const asked = story.switchLines.map(({ time, to }): Point => [at(Date.parse(String(time))), heightOf(String(to))]);
  const heights = ladder.variants.map(({ rendition }) => heightOf(rendition));
  const mostMbps = Math.max(...given.map(({ bitsPerSecond }) => mbps(bitsPerSecond)));
  const mostBuffered = Math.max(10, ...seen.samples.map(({ bufferSeconds }) => bufferSeconds));
  const panels: Panel[] = [
    {
      title: 'Mbit/s',
      ticks: evenTicks(mostMbps, mostMbps > 6 ? 2 : 1),
      yMax: mostMbps * 1.05,
      series: [
        {
          name: 'bandwidth given',
          color: COLORS.given,
          as: 'area',
          points: given.map(({ atMs, bitsPerSecond }) => [at(atMs), mbps(bitsPerSecond)]),
        },
        { name: 'bitrate of segments fetched', color: COLORS.fetched, as: 'steps', points: fetched },
      ],
    },
    {
      title: 'Buffer, s',
      ticks: evenTicks(mostBuffered, mostBuffered > 60 ? 20 : 10),
      yMax: mostBuffered * 1.05,
      series: [
        {
          name: 'media ahead of the playhead',
          color: COLORS.buffer,
          as: 'line',
          points: seen.samples.map(({ atMs, bufferSeconds }) => [at(atMs), bufferSeconds]),
        },
      ],
    },
    {
      title: 'Height, lines',
      ticks: heights,
      yMax: Math.max(...heights) * 1.05,
      series: [
        {
          name: 'decoded',
          color: COLORS.decoded,
          as: 'steps',
          points: seen.frames.map(({ atMs, heightPx }) => [at(atMs), heightPx]),
        },
        { name: 'rendition_switched logged', color: COLORS.switched, as: 'dots', points: asked },
      ],
    },
  ];
  return plotSvg({ title: player, xMax, xName: 's since the page was opened', panels });
}

const evenTicks = (most: number, step: number): number[] =>
  Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => i * step);
