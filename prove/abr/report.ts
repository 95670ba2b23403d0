import type { PlayerName } from '../../test/support/player-pages.ts';
import { leastBufferSeconds, type Pair } from './judge.ts';
import type { Ladder } from './ladder.ts';
import type { Proof } from './proof.ts';
import type { Step } from './schedule.ts';

export type ReportOptions = {
  /** Each time that both players played; the last one is shown in full. */
  readonly runs: readonly (readonly Proof[])[];
  readonly ladder: Ladder;
  readonly schedule: readonly Step[];
  readonly lineKind: string;
  readonly machine: string;
  /** Mean number of running processes over the last one, five and fifteen minutes. */
  readonly load: string;
  readonly madeMs: number;
  readonly versionOf: (player: PlayerName) => string;
};

/** The report as Markdown. Same data, same text. */
export function reportText(options: ReportOptions): string {
  const { runs, ladder, schedule, lineKind, machine, load, madeMs } = options;
  const last = runs.at(-1) ?? [];
  return `# Adaptive playback: a run of ${new Date(madeMs).toISOString().slice(0, 10)}

Written by \`npm run prove:abr\`; what it means stands in [abr.md](../abr.md). Machine: ${machine}; load ${load} at the end.
${last[0] ? `Chromium ${last[0].viewing.browser}, headless; ` : ''}the line: ${lineKind}.

${table(
  ['rendition', 'mean kbit/s with sound', 'peak kbit/s with sound'],
  ladder.variants.map(({ rendition, averageBps, peakBps }) => [rendition, kbps(averageBps), kbps(peakBps)]),
)}

${table(
  ['from second', 'the line carries kbit/s'],
  schedule.map(({ atSeconds, bitsPerSecond }) => [String(atSeconds), kbps(bitsPerSecond)]),
)}
${last.map((proof) => playerPart(proof, options)).join('')}
## All runs of this command

${table(
  ['run', 'player', 'down', 'up', 'most apart, s', 'longest stall, ms', 'least loaded ahead, s', 'verdict'],
  runs.flatMap((proofs, i) => proofs.map((proof) => runRow(String(i + 1), proof))),
)}
`;
}

function playerPart({ viewing, story, verdict }: Proof, { versionOf }: ReportOptions): string {
  const { player, state, startedMs, seen } = viewing;
  const waits = seen.waits.filter(({ mediaSeconds }) => mediaSeconds > 0 && mediaSeconds < state.seconds).length;
  return `
## ${player} ${versionOf(player)}

${verdict.complaints.length === 0 ? 'Proven' : `**Failed: ${verdict.complaints.join('; ')}.**`}${
  verdict.complaints.length === 0
    ? `: ${verdict.downs} down, ${verdict.ups} up, and the log agrees with the screen.`
    : ''
} ${state.frames} frames decoded, longest stall of the picture ${Math.round(state.longestStallMs)} ms, \`waiting\` events while playing: ${waits}.

![Bandwidth, bitrate, buffer and height over time](${player}.svg)

${table(
  [
    'log: switch',
    'segment',
    'starts at, s',
    'last frame before, s',
    'first frame of the new size, s',
    '`resize` event: lines',
    'its media time, s',
    'its wall time, s',
    'apart, s',
  ],
  verdict.pairs.map((pair) => pairRow(pair, startedMs)),
)}

The lines of the edge:

\`\`\`json
${story.switchLines.map((line) => JSON.stringify(line)).join('\n')}
\`\`\`
`;
}

const pairRow = (pair: Pair, startedMs: number): string[] => [
  `${pair.from} → ${pair.to}`,
  String(pair.segment),
  pair.startSeconds.toFixed(3),
  pair.lastOldSeconds.toFixed(3),
  pair.firstNewSeconds.toFixed(3),
  String(pair.heightPx),
  pair.resizeSeconds.toFixed(3),
  ((pair.atMs - startedMs) / 1000).toFixed(2),
  pair.apartSeconds.toFixed(3),
];

const runRow = (run: string, { viewing, verdict }: Proof): string[] => [
  run,
  viewing.player,
  String(verdict.downs),
  String(verdict.ups),
  Math.max(0, ...verdict.pairs.map(({ apartSeconds }) => apartSeconds)).toFixed(3),
  String(Math.round(viewing.state.longestStallMs)),
  leastBufferSeconds(viewing.seen).toFixed(1),
  verdict.complaints.length === 0 ? 'proven' : verdict.complaints.join('; '),
];

const kbps = (bitsPerSecond: number): string => String(Math.round(bitsPerSecond / 1000));

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
