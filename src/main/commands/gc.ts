import { parseArgs } from 'node:util';
import { createGarbageRecords } from '../../adapters/garbage-records.ts';
import type { ObjectStore } from '../../domain/ports.ts';
import { type Config, ConfigError } from '../config.ts';
import { findGarbage, type GarbageDeps } from '../gc/find-garbage.ts';
import { REASONS, type Reason } from '../gc/judge-object.ts';
import { openStore, systemClock } from '../parts.ts';
import { withDatabase } from '../with-database.ts';
import { table } from './table.ts';

/** Longer than anybody writes without a row that says so; uploads are kept for as long without another byte. */
const DEFAULT_HOURS = '24';
const HOUR_MS = 3_600_000;

/** `millrace gc [--delete] [--older-than HOURS]`: objects that no row stands behind. */
export async function gc(args: readonly string[], config: Config): Promise<void> {
  const { isDeleting, hours } = optionsOf(args);
  const store = await openStore(config);
  await withDatabase(config, async (db) => {
    const records = createGarbageRecords(db);
    if (isDeleting && (await records.countVideos()) === 0)
      throw new ConfigError('The database has no videos: see first whether "rebuild" finds some. Nothing was deleted.');
    await runGc({ store, records, writtenBeforeMs: systemClock.nowMs() - hours * HOUR_MS, isDeleting });
  });
}

type Sum = { objects: number; bytes: number };
export type GcDeps = GarbageDeps & {
  readonly store: Pick<ObjectStore, 'list' | 'delete'>;
  readonly isDeleting: boolean;
};

/** Deleted one by one, as they are found: a run that is ended has done no harm. */
export async function runGc(deps: GcDeps): Promise<void> {
  const sums = new Map<Reason, Sum>();
  let unknown = 0;
  for await (const found of findGarbage(deps)) {
    if ('unknownVideo' in found) {
      unknown += 1;
      continue;
    }
    const { garbage, reason } = found;
    if (deps.isDeleting) await deps.store.delete(garbage.key);
    const { objects, bytes } = sums.get(reason) ?? { objects: 0, bytes: 0 };
    sums.set(reason, { objects: objects + 1, bytes: bytes + garbage.sizeBytes });
  }
  say(sums, unknown, deps.isDeleting);
}

function say(sums: ReadonlyMap<Reason, Sum>, unknown: number, isDeleting: boolean): void {
  const rows = [...sums].map(([reason, { objects, bytes }]) => [String(objects), String(bytes), REASONS[reason]]);
  const columns = [{ head: 'OBJECTS', right: true }, { head: 'BYTES', right: true }, { head: 'WHY' }] as const;
  if (rows.length > 0) console.log(table(columns, rows));
  const total = [...sums.values()].reduce((sum, { objects }) => sum + objects, 0);
  if (unknown > 0)
    console.log(`${unknown} whole videos are not known to the database, and stay: millrace rebuild --into-existing`);
  if (total === 0) console.log('There is no garbage.');
  else console.log(isDeleting ? `${total} objects were deleted.` : 'Nothing was deleted: --delete does it.');
}

function optionsOf(args: readonly string[]): { isDeleting: boolean; hours: number } {
  const { delete: isDeleting = false, 'older-than': hours } = valuesOf(args);
  // An empty text is a number, too, as far as Number() goes: 0, which would protect nothing.
  if (!/^\d+(\.\d+)?$/.test(hours)) throw new ConfigError('--older-than takes a number of hours.');
  return { isDeleting, hours: Number(hours) };
}

function valuesOf(args: readonly string[]) {
  const options = { delete: { type: 'boolean' }, 'older-than': { type: 'string', default: DEFAULT_HOURS } } as const;
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new ConfigError(error instanceof Error ? error.message : String(error));
  }
}
