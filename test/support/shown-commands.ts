import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

/** The commands that documents show, and what runs them. */
export const ROOT = resolve(import.meta.dirname, '../..');

export const CLI = join(ROOT, 'src/main/cli.ts');
/** `millrace` for a shell. */
export const MILLRACE = `'${process.execPath}' '${CLI}'`;
/** The video of the outputs that documents show. */
export const SHOWN_VIDEO = 'f5xa5bq4e4xsmp4f';

const DEADLINE_MS = 120_000;
const run = promisify(execFile);

export type ShownCommand = { readonly script: string; readonly output: string };

/** The commands that are marked as tested and have their output below them, in order. */
export const shownCommands = (markdown: string): ShownCommand[] =>
  [...markdown.matchAll(/^```sh\n# tested\n([\s\S]*?)^```\n\n```text\n([\s\S]*?)^```/gm)].map(
    ([, script = '', output = '']) => ({ script, output }),
  );

/** What a script prints. @throws where it ends with something else than 0 */
export async function runScript(
  script: string,
  { cwd, env = {} }: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv },
): Promise<string> {
  const { PATH, HOME } = process.env;
  const { stdout } = await run('bash', ['-c', script], { cwd, env: { PATH, HOME, ...env }, timeout: DEADLINE_MS });
  return stdout;
}
