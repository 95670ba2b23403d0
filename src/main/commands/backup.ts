import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { z } from 'zod';
import { BACKUP_FORMAT, backUp } from '../../adapters/backup.ts';
import { createRebuiltRecords } from '../../adapters/rebuilt-videos.ts';
import { type BackupLine, RestoreError, restore as restoreRows } from '../../adapters/restore.ts';
import { type Config, ConfigError } from '../config.ts';
import { openStore, systemClock } from '../parts.ts';
import { withDatabase } from '../with-database.ts';
import { runRebuild } from './rebuild.ts';

/** `millrace backup FILE`: the rows of one moment, also while everything runs. The file is there when it is whole. */
export async function backup([file, ...more]: readonly string[], config: Config): Promise<void> {
  if (file === undefined || more.length > 0) throw new ConfigError('usage: millrace backup FILE');
  const draft = `${file}.part`;
  try {
    const rows = await withDatabase(config, async (db) => {
      const lines = new PassThrough();
      // It holds secrets of webhooks and keys.
      const stored = pipeline(lines, createGzip(), createWriteStream(draft, { mode: 0o600, flush: true }));
      const [count] = await Promise.all([
        backUp(db, (line) => writeLine(lines, line)).finally(() => lines.end()),
        stored,
      ]);
      return count;
    });
    await rename(draft, file);
    console.log(`${rows} rows are in ${file}`);
  } finally {
    await rm(draft, { force: true });
  }
}

async function writeLine(to: PassThrough, line: string): Promise<void> {
  if (to.destroyed) throw new Error('the file cannot be written');
  if (!to.write(`${line}\n`)) await once(to, 'drain');
}

/** `millrace restore FILE`: into an empty database; then what the bucket knows better is taken from there. */
export async function restore([file, ...more]: readonly string[], config: Config): Promise<void> {
  if (file === undefined || more.length > 0) throw new ConfigError('usage: millrace restore FILE');
  const migrations = await checkWhole(file);
  const store = await openStore(config);
  await withDatabase(config, async (db) => {
    const rows = await restoreRows(db, migrations, rowsOf(file)).catch((error: unknown) => {
      throw error instanceof RestoreError ? new ConfigError(`${file}: ${error.message}`, { cause: error }) : error;
    });
    console.log(`${rows} rows are restored from ${file}`);
    await runRebuild({ store, records: createRebuiltRecords(db), clock: systemClock, isDryRun: false });
  });
}

const headLine = z.object({ millraceBackup: z.literal(BACKUP_FORMAT), migrations: z.array(z.string()).min(1) });
const rowLine = z.object({ table: z.string(), row: z.looseObject({}) });
const endLine = z.object({ end: z.int() });

/** Read once before anything is changed: a file that was cut off has no end. */
async function checkWhole(file: string): Promise<readonly string[]> {
  let head: z.infer<typeof headLine> | undefined;
  let [rows, end] = [-1, Number.NaN];
  try {
    for await (const line of linesOf(file)) {
      head ??= headLine.parse(JSON.parse(line));
      if (line.startsWith('{"end":')) end = endLine.parse(JSON.parse(line)).end;
      else rows += 1;
    }
  } catch (cause) {
    throw new ConfigError(
      `${file} is no backup, or damaged: ${cause instanceof Error ? cause.message : String(cause)}`,
    );
  }
  if (!head || rows !== end) throw new ConfigError(`${file} is not whole: it was cut off.`);
  return head.migrations;
}

async function* rowsOf(file: string): AsyncGenerator<BackupLine> {
  for await (const line of linesOf(file)) if (line.startsWith('{"table":')) yield rowLine.parse(JSON.parse(line));
}

async function* linesOf(file: string): AsyncGenerator<string> {
  await using handle = await open(file);
  const text = createReadStream('', { fd: handle, autoClose: false }).pipe(createGunzip());
  yield* createInterface({ input: text, crlfDelay: Number.POSITIVE_INFINITY });
}
