import type { Database } from '../adapters/postgres.ts';
import { databaseState } from '../adapters/schema-state.ts';
import { ConfigError } from './config.ts';

/**
 * For commands that only look: a schema is made and brought up to date by what starts there, since the roles of an older
 * Millrace cannot start on a newer one.
 * @throws ConfigError where it is not that of this Millrace
 */
export async function assertSchema(db: Database): Promise<void> {
  const { applied, known } = await databaseState(db);
  if (applied.join() === known.join()) return;
  throw new ConfigError(
    applied.length === 0
      ? 'The database is empty: Millrace has not been started on it.'
      : 'The database has the schema of another version of Millrace, and was left as it is: this one has not been started on it.',
  );
}
