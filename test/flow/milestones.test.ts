import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { Instance } from '../support/instance.ts';
import { makeClip } from '../support/media.ts';
import { MILLRACE, ROOT, runScript, SHOWN_VIDEO, shownCommands } from '../support/shown-commands.ts';

/** The commands of docs/milestones.md, in order, on one instance: they print what the page shows, but for ids and figures. */

let instance: Instance;
let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-milestones-'));
  await makeClip(join(folder, 'clip.mp4'), { seconds: 10, rate: '25' });
  instance = await Instance.start();
});
after(async () => {
  await instance?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

test('the commands of docs/milestones.md print what it shows', async () => {
  const text = await readFile(join(ROOT, 'docs/milestones.md'), 'utf8');
  const shown = shownCommands(text);
  assert.ok(shown.length >= 10, `${shown.length} commands were found`);
  let id = SHOWN_VIDEO;
  for (const { script, output } of shown) {
    const said = await shell(script.replaceAll(SHOWN_VIDEO, id));
    assert.match(said.trimEnd(), patternOf(output.trimEnd()), script);
    if (id === SHOWN_VIDEO) id = /"id":"(\w{16})"/.exec(said)?.[1] ?? id;
    if (script.includes(' -X POST ')) await jobIsOver(id);
  }
});

/** What follows is asked of a video that is ready, as a reader would wait for it. */
async function jobIsOver(id: string): Promise<void> {
  await eventually('the job is over', async () => (await instance.video(id)).job?.state === 'succeeded');
}

function shell(script: string): Promise<string> {
  const here = script
    .replaceAll('http://localhost:8080', instance.url)
    .replaceAll(/\bdata\//g, `${instance.data.replaceAll(' ', '\\ ')}/`)
    .replaceAll(/^millrace (explain .*|stop)$/gm, `${MILLRACE} $1`)
    .replaceAll(/^millrace (.*)$/gm, `${MILLRACE} $1 --url ${instance.url}`);
  return runScript(`set -euo pipefail\n${here}`, { cwd: folder, env: { MILLRACE_DATA: instance.data } });
}

/** What may differ from run to run: ids, digests, figures, widths of columns; `…` stands for whatever was left out. */
const VARIES: readonly (readonly [RegExp, string])[] = [
  [/…/, '[\\s\\S]*?'],
  [/\b[0-9a-f]{64}\b/, '[0-9a-f]{64}'],
  [/\b[0-9a-f]{8}-[0-9a-f-]{27}\b/, '[0-9a-f-]{36}'],
  [/\b(?=\w*\d)[0-9a-z]{16}\b/, '[0-9a-z]{16}'],
  [/\b(?=\w*\d)[0-9a-f]{8}\b/, '[0-9a-f]{8}'],
  [/\d+(?:\.\d+)? (?:ms|s|min|h)\b/, '\\d+(?:\\.\\d+)? (?:ms|s|min|h)'],
  [/\d+(?:[.:–-]\d+)*/, '\\d+(?:[.:–-]\\d+)*'],
  [/ {2,}/, ' +'],
];

function patternOf(output: string): RegExp {
  const any = new RegExp(VARIES.map(([{ source }]) => `(${source})`).join('|'), 'g');
  let pattern = '';
  let from = 0;
  for (const found of output.matchAll(any)) {
    const which = found.slice(1).findIndex((group) => group !== undefined);
    pattern += `${RegExp.escape(output.slice(from, found.index))}${VARIES[which]?.[1]}`;
    from = found.index + found[0].length;
  }
  return new RegExp(`^${pattern}${RegExp.escape(output.slice(from))}$`);
}
