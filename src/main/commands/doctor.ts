import { parseArgs } from 'node:util';
import { type Config, ConfigError } from '../config.ts';
import { examine } from '../doctor/examine.ts';
import type { Finding } from '../doctor/findings.ts';
import { printJson } from './show.ts';

/** `millrace doctor [--json]`: looks at what Millrace needs, with the settings of the environment. */
export async function doctor(args: readonly string[], config: Config): Promise<void> {
  const { json } = optionsOf(args);
  const findings = await examine(config);
  if (json) printJson({ findings });
  else console.log(findings.map(lineOf).join('\n'));
  if (findings.some(({ status }) => status === 'fail')) process.exitCode = 1;
}

const CHECK_WIDTH = 10;

/** One line each: ok, warn or fail, what was looked at, what was found, and the cure. */
export const lineOf = ({ check, status, says, cure }: Finding): string =>
  `${status.padEnd(4)}  ${check.padEnd(CHECK_WIDTH)}${says}${cure === undefined ? '' : `; ${cure}`}`;

function optionsOf(args: readonly string[]): { json?: boolean | undefined } {
  try {
    return parseArgs({ args: [...args], options: { json: { type: 'boolean' } } }).values;
  } catch (error) {
    throw new ConfigError(error instanceof Error ? error.message : String(error));
  }
}
