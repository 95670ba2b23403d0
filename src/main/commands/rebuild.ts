import { parseArgs } from 'node:util';
import { hasApiKeys } from '../../adapters/api-keys.ts';
import { migrate } from '../../adapters/migrate.ts';
import type { Database } from '../../adapters/postgres.ts';
import { createRebuiltRecords } from '../../adapters/rebuilt-videos.ts';
import { databaseState } from '../../adapters/schema-state.ts';
import type { RebuiltRecords } from '../../domain/about-video.ts';
import type { VideoId } from '../../domain/ids.ts';
import { assertSchema } from '../assert-schema.ts';
import { type Config, ConfigError } from '../config.ts';
import { openStore, systemClock } from '../parts.ts';
import { lostVideos, type Outcome, type RebuildDeps, rebuildVideos } from '../rebuild/rebuild.ts';
import { withDatabase } from '../with-database.ts';

const OPTIONS = { 'into-existing': { type: 'boolean' }, 'dry-run': { type: 'boolean' } } as const;

/** `millrace rebuild [--into-existing] [--dry-run]`: rows of all videos that the bucket holds. */
export async function rebuild(args: readonly string[], config: Config): Promise<void> {
  const options = optionsOf(args);
  const store = await openStore(config);
  const isDryRun = options['dry-run'] ?? false;
  await withDatabase(config, async (db) => {
    const records = isDryRun ? await recordsToLookAt(db) : await recordsToFill(db);
    if (!options['into-existing']) await assertEmpty(records);
    await runRebuild({ store, records, clock: systemClock, isDryRun });
    if (!isDryRun && config.MILLRACE_API_KEYS === undefined && !(await hasApiKeys(db))) console.log(NO_KEYS);
  });
}

/** Keys were in the database that was lost, and without one nothing is asked of whoever reaches the API. */
const NO_KEYS =
  'There are no API keys any more: whoever reaches the API may do everything. Before it is started: millrace keys create';

async function recordsToFill(db: Database): Promise<RebuiltRecords> {
  await migrate(db);
  return createRebuiltRecords(db);
}

async function recordsToLookAt(db: Database): Promise<RebuiltRecords> {
  const { applied } = await databaseState(db);
  if (applied.length === 0) return NOTHING;
  await assertSchema(db);
  return createRebuiltRecords(db);
}

const NOTHING: RebuiltRecords = {
  countVideos: async () => 0,
  versionOf: async () => undefined,
  published: async () => [],
  add: () => Promise.reject(new Error('a dry run adds nothing')),
};

async function assertEmpty(records: RebuiltRecords): Promise<void> {
  const videos = await records.countVideos();
  if (videos === 0) return;
  throw new ConfigError(`The database has ${videos} videos. To add to them what is missing: rebuild --into-existing`);
}

const WORDS: Readonly<Record<Outcome, string>> = {
  added: 'as it was',
  replaced: 'newer than its row',
  known: 'known',
  same_content: 'another video has these bytes',
  deleted: 'deleted just now',
  to_process: 'to be processed',
  left: 'left alone',
};

/** A line for each video but those that were known, and the sums. */
export async function runRebuild(deps: RebuildDeps): Promise<void> {
  const counts = new Map<Outcome, number>();
  const seen = new Set<VideoId>();
  for await (const { videoId, outcome, why } of rebuildVideos(deps)) {
    seen.add(videoId);
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    if (outcome !== 'known') console.log(`${videoId}  ${WORDS[outcome]}${why === undefined ? '' : `: ${why}`}`);
  }
  for await (const videoId of lostVideos(seen, deps.records))
    console.log(`${videoId}  lost: the database has it, the store has nothing of it`);
  const sums = [...counts].map(([outcome, count]) => `${count} ${WORDS[outcome]}`).join(', ');
  console.log(`${seen.size} videos in the store${sums === '' ? '' : `: ${sums}`}`);
  if (deps.isDryRun) console.log('Nothing was changed (--dry-run).');
}

function optionsOf(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (error) {
    throw new ConfigError(error instanceof Error ? error.message : String(error));
  }
}
