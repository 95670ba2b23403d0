import type { JobPlan } from '../../src/domain/tasks.ts';
import type { MatrixRow } from './matrix-row.ts';

const HEAD = `# The input matrix

Every line is a small file that \`test/media/input-matrix.test.ts\` makes with ffmpeg, sends through probe, plan and every
encoding task, and joins again as a player would. Each frame carries its number and a beep begins with some of them, so
that the test knows which frame is shown when, in every rung. The files that players read are held against the checks of
\`millrace verify\`. This table is written by the test itself (\`MILLRACE_WRITE_MATRIX=1\`); [processing](processing.md) says more.

| Input | Frames | Rungs | Audio | Beeps late by, ms | Decision |
|---|---|---|---|---|---|
`;

export const tableText = (lines: readonly string[]): string => `${HEAD}${lines.join('\n')}\n`;

/** What came out of one row. */
export function tableLine({ name, decision }: MatrixRow, plan: JobPlan, offsets: readonly number[]): string {
  const { grid, rungs, audio } = plan;
  const rate = grid && Math.round((1000 * grid.frameRate.numerator) / grid.frameRate.denominator) / 1000;
  const frames = grid ? `${grid.frames} at ${rate}` : 'none';
  const sizes = rungs.map(({ widthPx, heightPx }) => `${widthPx}×${heightPx}`).join(', ');
  const late = [...new Set(offsets.map((samples) => (samples / 48).toFixed(1).replace('-0.0', '0.0')))].join(', ');
  const cells = [name, frames, sizes, audio.map(({ rendition }) => rendition).join(', '), late, decision];
  return `| ${cells.join(' | ')} |`;
}
