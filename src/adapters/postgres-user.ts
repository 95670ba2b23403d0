import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** PostgreSQL refuses to run as root, so root lends it another user. */
export type PostgresUser =
  | { readonly kind: 'self'; readonly pdeathsig: boolean }
  | { readonly kind: 'other'; readonly uid: number; readonly gid: number; readonly capability: Capability | undefined };

type Capability = 'dac_read_search' | 'dac_override';

/** Bits of these capabilities, capability(7). */
const CAPABILITY_BITS: readonly [Capability, bigint][] = [
  ['dac_read_search', 1n << 2n],
  ['dac_override', 1n << 1n],
];

/**
 * @param paths what the server must reach. Where a folder on the way lets only root enter, as /root does, the other
 *   user gets the one capability to pass through, and nothing on disk is changed.
 */
export async function postgresUser(paths: readonly string[]): Promise<PostgresUser> {
  if (process.getuid?.() !== 0) return { kind: 'self', pdeathsig: await hasSetpriv() };
  const name = (await userExists('postgres')) ? 'postgres' : await ensureOwnUser();
  const [uid, gid] = await Promise.all([idOf('-u', name), idOf('-g', name)]);
  const { command, prefix } = asPostgresUser({ kind: 'other', uid, gid, capability: undefined }, 'test');
  const reachable = await Promise.all(
    paths.map((path) =>
      run(command, [...prefix, '-x', dirname(path)], { cwd: '/' }).then(
        () => true,
        () => false,
      ),
    ),
  );
  return { kind: 'other', uid, gid, capability: reachable.every(Boolean) ? undefined : await passThrough() };
}

/**
 * The command line that runs a program as that user. With setpriv the program also ends with the process that started
 * it, so that no server outlives a supervisor that was killed.
 */
export function asPostgresUser(user: PostgresUser, program: string): { command: string; prefix: string[] } {
  if (user.kind === 'self' && !user.pdeathsig) return { command: program, prefix: [] };
  const dieWithParent = ['--pdeathsig', 'INT'];
  if (user.kind === 'self') return { command: 'setpriv', prefix: [...dieWithParent, program] };
  const caps = user.capability ? withCapability(user.capability) : [];
  const identity = [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', '--no-new-privs'];
  return { command: 'setpriv', prefix: [...identity, ...caps, ...dieWithParent, program] };
}

/** access(2), which PostgreSQL asks before it runs its programs, ignores capabilities of other users than root unless told not to. */
const withCapability = (name: Capability): string[] => [
  '--securebits=+no_setuid_fixup',
  `--inh-caps=+${name}`,
  `--ambient-caps=+${name}`,
];

const OWN_USER = 'millrace-postgres';

async function ensureOwnUser(): Promise<string> {
  if (await userExists(OWN_USER)) return OWN_USER;
  await run('useradd', ['--system', '--no-create-home', '--shell', '/usr/sbin/nologin', OWN_USER]);
  return OWN_USER;
}

const succeeds = (command: string, args: readonly string[]): Promise<boolean> =>
  run(command, [...args]).then(
    () => true,
    () => false,
  );

const userExists = (name: string): Promise<boolean> => succeeds('id', ['-u', name]);
const hasSetpriv = (): Promise<boolean> => succeeds('setpriv', ['--version']);
const idOf = async (flag: '-u' | '-g', name: string): Promise<number> => Number((await run('id', [flag, name])).stdout);

/** The weaker of the two that this system grants: containers often keep only dac_override. */
async function passThrough(): Promise<Capability> {
  const status = await readFile('/proc/self/status', 'utf8');
  const bounding = BigInt(`0x${/^CapBnd:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  const granted = CAPABILITY_BITS.find(([, bit]) => (bounding & bit) !== 0n);
  if (!granted) throw new Error('PostgreSQL cannot reach the data folder: its user may not enter a folder on the way');
  return granted[0];
}
