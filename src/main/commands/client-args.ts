import { parseArgs } from 'node:util';
import { ConfigError } from '../config.ts';

type Option = { readonly type: 'string'; readonly default?: string } | { readonly type: 'boolean' };

export type ClientArgs<Name extends string> = {
  readonly server: string;
  readonly names: readonly string[];
  readonly values: Readonly<Partial<Record<Name, string | boolean>>>;
};

/**
 * The arguments of a command that talks to a server; `--url` says to which.
 * @param check says in a sentence what is wrong with the names that were given.
 * @throws ConfigError
 */
export function parseClientArgs<Name extends string>(
  args: readonly string[],
  options: Readonly<Record<Name, Option>>,
  check: (names: readonly string[]) => string | undefined,
): ClientArgs<Name> {
  const { values, positionals: names } = parsedOf(args, options);
  const wrong = check(names);
  if (wrong !== undefined) throw new ConfigError(wrong);
  const { url, ...rest } = values;
  return { server: serverOf(String(url)), names, values: rest as ClientArgs<Name>['values'] };
}

function parsedOf(args: readonly string[], options: Readonly<Record<string, Option>>) {
  try {
    const url: Option = { type: 'string', default: 'http://localhost:8080' };
    return parseArgs({ args: [...args], options: { ...options, url }, allowPositionals: true });
  } catch (error) {
    throw new ConfigError(error instanceof Error ? error.message : String(error));
  }
}

function serverOf(url: string): string {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new ConfigError('--url must begin with http:// or https://.');
  return new URL(url).origin;
}
