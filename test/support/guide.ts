import assert from 'node:assert/strict';
import { type ShownCommand, shownCommands } from './shown-commands.ts';

/** The commands below each heading of a guide, and what it shows of their output. */
export function stepsIn(markdown: string): Map<string, readonly ShownCommand[]> {
  const sections = markdown.split(/^### /m).slice(1);
  return new Map(sections.map((section) => [section.slice(0, section.indexOf('\n')), shownCommands(section)]));
}

/** Every line that is shown was printed, in this order; but for what differs each time. Dots are for any lines, or the rest of one. */
export function assertShown(shown: string, printed: string): void {
  const left = printed.split('\n').map(withoutChance);
  for (const line of shown.trimEnd().split('\n')) {
    if (line === '…') continue;
    const wanted = withoutChance(line);
    const at = left.findIndex((one) => isAs(one, wanted));
    assert.ok(at >= 0, `not printed: ${line}\n(${wanted})\nof what was printed:\n${printed}`);
    left.splice(0, at + 1);
  }
}

const isAs = (line: string, wanted: string): boolean =>
  wanted.endsWith('…') ? line.startsWith(wanted.slice(0, -1)) : line === wanted;

/** Ids, numbers with their units, and the widths of columns. */
const withoutChance = (line: string): string =>
  line
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'time')
    .replace(/"stack":"(?:[^"\\]|\\.)*"/g, '"stack":"…"')
    .replace(/\b[0-9a-f]{8}-[0-9a-f-]{27}\b|\b(?=\d*[a-z])(?=[a-z]*\d)[0-9a-z]{16}\b/g, '#')
    .replace(/\b(?=\d*[a-f])(?=[a-f]*\d)[0-9a-f]{8}\b/g, '#')
    .replace(/\b(edge|worker)-\d\b/g, '$1-n')
    .replace(/\d+(\.\d+)?(e[+-]\d+)?/g, '#')
    .replace(/# (bytes|kB|MB|GB|KiB|MiB|GiB)\b/g, '# bytes')
    .replace(/#(ms)?( (ms|s|min))?( # s)?/g, '#$2')
    .replace(/# (ms|s|min)\b/g, '# s')
    .replace(/\/[^":]*?\/objects\b/g, '/objects')
    .replace(/ free for .*/, ' free')
    // Whether a process that is killed refuses, resets or is known to be out is a matter of moments.
    .replace(/edge-n [^;]*; (?=edge-n answered instead)/, 'edge-n was lost; ')
    .replace(/reason="(refused|reset|edge_out)"/, 'reason="lost"')
    .replace(/ +/g, ' ')
    .trimEnd();
