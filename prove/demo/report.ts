import type { LogLine } from '../abr/log-story.ts';
import { type Done, STEPS } from './steps.ts';

export type ReportOptions = {
  readonly steps: readonly Done[];
  readonly startedMs: number;
  readonly tookSeconds: number;
  /** What it ran with: Node, ffmpeg and so on. */
  readonly versions: readonly (readonly [what: string, version: string])[];
  /** Of the plot, as the report links to it. */
  readonly plotFile: string | undefined;
};

/** Of one step: more says nothing more. */
const MOST_LINES = 12;

/** The report as Markdown. Same data, same text. */
export function reportText({ steps, startedMs, tookSeconds, versions, plotFile }: ReportOptions): string {
  const failed = steps.filter(({ verdict }) => verdict !== 'PASS');
  const result = failed.length === 0 ? 'every step passed' : `**${failed.length} steps did not pass**`;
  return `# The demo

\`\`\`sh
npm run demo
\`\`\`

starts a whole Millrace from an empty folder, on ports of its own, uploads a clip, plays it in a browser, kills what does the work meanwhile,
and stops. It needs Linux, installs what is missing, and takes some three minutes on two free cores. The exit code is 1 where a step
fails. As root the line between player and platform is shaped by the kernel, in a network namespace; elsewhere by a relay.
\`--keep FOLDER\` keeps clip, data and logs in a new folder. The report goes to \`.cache/demo\`, or where \`--out FOLDER\` says; \`--docs\`
writes this page.

This is the run of ${momentOf(startedMs)}: ${result}, in ${timeOf(tookSeconds)}.

${table(['with', ''], versions)}

${table(
  ['step', 'what is done', 'what was seen', 'verdict', 'after', 'took'],
  steps.map(({ name, verdict, seen, atSeconds, tookSeconds: took }) => [
    name,
    STEPS[name],
    cell(seen),
    verdict === 'PASS' ? verdict : `**${verdict}**`,
    `${atSeconds.toFixed(1)} s`,
    `${took.toFixed(1)} s`,
  ]),
)}
${steps.map((step) => stepPart(step, plotFile)).join('')}`;
}

/** Log lines, outputs and the plot of one step, where it has any. */
function stepPart({ name, lines = [], told = [] }: Done, plotFile: string | undefined): string {
  const plot = name === 'shown' && plotFile !== undefined ? [`![Line, buffer and picture over time](${plotFile})`] : [];
  const parts = [...plot, ...told.map((text) => fenced('text', text)), ...logPart(lines)];
  return parts.length === 0 ? '' : `\n## ${name}: ${STEPS[name]}\n\n${parts.join('\n\n')}\n`;
}

function logPart(lines: readonly LogLine[]): string[] {
  if (lines.length === 0) return [];
  const shown = lines.slice(0, MOST_LINES).map((line) => JSON.stringify(line, withoutStack));
  const more = lines.length > MOST_LINES ? [`\nand ${lines.length - MOST_LINES} more such lines.`] : [];
  return [[fenced('json', shown.join('\n')), ...more].join('\n')];
}

/** Where in the code an error arose is of no interest here, and differs from machine to machine. */
const withoutStack = (name: string, value: unknown): unknown => (name === 'stack' ? undefined : value);

const fenced = (language: string, text: string): string => `\`\`\`${language}\n${text}\n\`\`\``;

/** The last number of milliseconds is of no use to anybody. */
const momentOf = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

const timeOf = (seconds: number): string => `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;

const cell = (text: string): string => text.replaceAll('|', '\\|');

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
