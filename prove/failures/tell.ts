import { timeText } from '../../src/main/explain/words.ts';
import type { Demonstration } from './demonstrate.ts';
import { tellLine } from './tell-lines.ts';

/** For the terminal: what was done, what was seen, why, and how long it took. */
export function story({ scenario, shown, wrong, lines }: Demonstration, folder: string): string {
  const verdict = wrong.length === 0 ? 'as it should be' : `FAILED: ${wrong.join('; ')}`;
  const head = `\n── ${scenario.name}\n${part('done', plain(scenario.done))}`;
  if (!shown) return `${head}${part('verdict', verdict)}`;
  const told = lines.map((line) => tellLine(line, { folder, faultMs: shown.faultMs }));
  return [
    head,
    part('seen', shown.seen),
    part('log', `ms since then\n${told.join('\n')}`),
    part('recovery', recovery(shown)),
    part('verdict', verdict),
  ]
    .join('')
    .trimEnd();
}

const part = (name: string, text: string): string => `${name.padEnd(10)}${text}\n`;
const plain = (markdown: string): string => markdown.replaceAll('`', '');
const recovery = ({ recoveryMs, until }: NonNullable<Demonstration['shown']>): string =>
  `${timeText(recoveryMs)}, until ${until}`;

/** At the end, for the terminal. */
export function summary(all: readonly Demonstration[]): string {
  const width = Math.max(...all.map(({ scenario }) => scenario.name.length));
  const row = ({ scenario, shown, wrong }: Demonstration): string => {
    const took = shown ? recovery(shown) : 'not carried through';
    return `${scenario.name.padEnd(width)}  ${wrong.length === 0 ? 'ok    ' : 'FAILED'}  ${took}`;
  };
  return `\n${all.map(row).join('\n')}`;
}

/** For documents: a table, and below it the lines that explain each row. */
export function markdown(all: readonly Demonstration[], folder: string): string {
  const head = ['| what was done | what was seen | recovered after | held by |', '|---|---|---|---|'];
  const rows = all.map(({ scenario: { done, test }, shown, wrong }) => {
    const seen = [shown?.seen, ...wrong.map((what) => `**Wrong: ${what}.**`)].join(' ');
    return `| ${done} | ${seen} | ${shown ? recovery(shown) : ''} | \`${test}\` |`;
  });
  return [...head, ...rows, ...all.map((one) => section(one, folder))].join('\n');
}

function section({ scenario, shown, lines }: Demonstration, folder: string): string {
  const faultMs = shown?.faultMs ?? 0;
  const told = lines.map((line) => tellLine(line, { folder, faultMs }));
  return `\n\`${scenario.name}\`. ${scenario.done}\n\n\`\`\`\n${told.join('\n')}\n\`\`\``;
}
