import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/**
 * Media parsers meet bytes that anybody may have made, so ffmpeg runs with as few rights as the system lets us
 * take away: no user, no capabilities, no files to write, bounded memory; and it dies with its worker.
 */
export type Sandbox = {
  /** What is taken away, for the log. */
  readonly name: 'user' | 'privileges' | 'limits' | 'none';
  readonly prefix: readonly string[];
  /** The whole environment of the tools: no secret of ours is in it. */
  readonly env: Readonly<Record<string, string>>;
  readonly ffmpegVersion: string;
};

/** Room for decoding 8K with one thread. */
const MEMORY_BYTES = 6 * 1024 ** 3;
const NOBODY = 65534;
/** Pipes are no files: even the smallest limit leaves them alone. */
const LIMITS = ['prlimit', `--as=${MEMORY_BYTES}`, '--fsize=0', '--nofile=256', '--core=0'];
/** Counted over all processes and threads of the user, so only where that user is nobody else's. */
const FEW_PROCESSES = '--nproc=1024';
/** Background work: serving and uploading on the same machine come first. */
const NICE = ['nice', '-n', '5'];
const NO_PRIVILEGES = ['setpriv', '--no-new-privs', '--inh-caps=-all', '--pdeathsig', 'KILL'];
const NO_USER = ['--bounding-set=-all', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];

/** From the strictest to nothing: the first that works on this system is taken. */
const CANDIDATES: readonly Pick<Sandbox, 'name' | 'prefix'>[] = [
  { name: 'user', prefix: [...NICE, ...LIMITS, FEW_PROCESSES, '--', ...NO_PRIVILEGES, ...NO_USER, '--'] },
  { name: 'privileges', prefix: [...NICE, ...LIMITS, '--', ...NO_PRIVILEGES, '--'] },
  { name: 'limits', prefix: [...NICE, ...LIMITS, '--'] },
  { name: 'none', prefix: [] },
];

const VERSION_DEADLINE_MS = 20_000;
const DEFAULT_SEARCH_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/homebrew/bin';

/** Tries what this system allows. @throws where ffmpeg does not run even without any restriction. */
export async function findSandbox(searchPath = DEFAULT_SEARCH_PATH): Promise<Sandbox> {
  const env = { PATH: searchPath, LC_ALL: 'C' };
  let refusal: unknown;
  for (const candidate of CANDIDATES) {
    try {
      return { ...candidate, env, ffmpegVersion: await versionOf(candidate.prefix, env) };
    } catch (cause) {
      refusal = cause;
    }
  }
  throw new Error('ffmpeg does not run: is it installed and on the PATH?', { cause: refusal });
}

async function versionOf(prefix: readonly string[], env: Record<string, string>): Promise<string> {
  const [command = 'ffmpeg', ...args] = [...prefix, 'ffmpeg', '-version'];
  const { stdout } = await promisify(execFile)(command, args, { env, timeout: VERSION_DEADLINE_MS });
  return /^ffmpeg version (\S+)/.exec(stdout)?.[1] ?? 'unknown';
}
