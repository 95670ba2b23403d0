import type { DatabaseState } from '../../adapters/schema-state.ts';
import type { Sandbox } from '../../transcode/sandbox.ts';

/** What one look found. A warning is something to know; a failure keeps Millrace from working. */
export type Finding = {
  readonly check: string;
  readonly status: 'ok' | 'warn' | 'fail';
  readonly says: string;
  /** What to do about it. */
  readonly cure?: string;
};

const ok = (check: string, says: string): Finding => ({ check, status: 'ok', says });
const warn = (check: string, says: string, cure: string): Finding => ({ check, status: 'warn', says, cure });
export const fail = (check: string, says: string, cure: string): Finding => ({ check, status: 'fail', says, cure });

/** Runs .ts by itself. */
const OLDEST_NODE = 24;

export function judgeNode(version: string): Finding {
  if (Number(version.split('.')[0]) >= OLDEST_NODE) return ok('node', version);
  return fail('node', `${version} is too old`, `use Node ${OLDEST_NODE} or newer, or start by npm, which brings it`);
}

const TAKEN_AWAY: Readonly<Record<Sandbox['name'], string>> = {
  user: 'no user, no privileges, limits',
  privileges: 'no privileges, limits',
  limits: 'limits only',
  none: 'none',
};

export function judgeSandbox({ name, ffmpegVersion }: Pick<Sandbox, 'name' | 'ffmpegVersion'>): Finding {
  const says = `ffmpeg ${ffmpegVersion}, sandbox: ${TAKEN_AWAY[name]}`;
  if (name === 'user' || name === 'privileges') return ok('ffmpeg', says);
  return warn('ffmpeg', says, 'install util-linux (setpriv, prlimit): ffmpeg reads bytes that anybody may have made');
}

const ENCODER_OF: Readonly<Record<string, string>> = { h264: 'libx264', hevc: 'libx265', av1: 'libsvtav1' };

/** @param codecs those of MILLRACE_CODECS */
export function judgeEncoders(found: readonly string[], codecs: readonly string[]): Finding {
  const wanted = ['aac', ...codecs.map((codec) => ENCODER_OF[codec] ?? codec)];
  const missing = wanted.filter((name) => !found.includes(name));
  if (missing.length === 0) return ok('encoders', found.join(', '));
  const cure = 'install an ffmpeg that has it, or take the codec out of MILLRACE_CODECS';
  return fail('encoders', `ffmpeg cannot encode with ${missing.join(', ')}`, cure);
}

export function judgeSchema({ applied, known, version }: Omit<DatabaseState, 'nowMs'>): Finding {
  const newer = applied.filter((name) => !known.includes(name));
  const missing = known.filter((name) => !applied.includes(name));
  if (newer.length > 0)
    return fail(
      'database',
      `its schema is newer than this Millrace: ${newer.join(', ')}`,
      'upgrade Millrace here, too',
    );
  const says = `PostgreSQL ${version}, schema ${applied.at(-1) ?? 'not made yet'}`;
  if (missing.length === 0 || applied.length === 0) return ok('database', says);
  const cure = 'start upload-api or orchestrator, which bring it up to date';
  return warn('database', `${says}, to come: ${missing.join(', ')}`, cure);
}

/** Images and hosts of single roles come without a PostgreSQL of their own. */
export function judgeNoDatabase(isEmbedded: boolean): Finding {
  if (isEmbedded) return ok('database', 'the embedded PostgreSQL, which "up" starts');
  const cure = 'set MILLRACE_DATABASE_URL, unless only workers, edges or routers run here';
  return warn('database', 'none is set, and none came with the installation', cure);
}

/** Playback tokens carry times; leases go by the database's clock alone. */
const CLOCK_WARN_MS = 2_000;
const CLOCK_FAIL_MS = 60_000;

/** @param aheadMs how far this machine's clock is ahead of the database's */
export function judgeClock(aheadMs: number): Finding {
  const off = Math.abs(aheadMs);
  const says = `${(off / 1000).toFixed(1)} s ${aheadMs < 0 ? 'behind' : 'ahead of'} the database`;
  const cure = 'let both machines take their time from NTP';
  if (off >= CLOCK_FAIL_MS) return fail('clock', says, cure);
  return off >= CLOCK_WARN_MS ? warn('clock', says, cure) : ok('clock', says);
}

const GIB = 1024 ** 3;
const DISK_WARN_BYTES = 10 * GIB;
const DISK_FAIL_BYTES = GIB;

export function judgeDisk(folder: string, freeBytes: number): Finding {
  const says = `${(freeBytes / GIB).toFixed(1)} GiB free for ${folder}`;
  const cure = 'make room, or set MILLRACE_DATA or MILLRACE_STORE to another disk';
  if (freeBytes < DISK_FAIL_BYTES) return fail('disk', says, cure);
  return freeBytes < DISK_WARN_BYTES ? warn('disk', says, cure) : ok('disk', says);
}

/** A port that is taken is news only to who wants to start something. */
export function judgePort(address: string, error: NodeJS.ErrnoException | undefined): Finding {
  if (error === undefined) return ok('port', `${address} is free`);
  if (error.code === 'EADDRINUSE')
    return warn('port', `${address} is taken`, 'if that is not Millrace itself, set MILLRACE_PORT to another one');
  return fail(
    'port',
    `${address} cannot be listened on (${error.code})`,
    'set MILLRACE_PORT and MILLRACE_HOST to what is yours',
  );
}
