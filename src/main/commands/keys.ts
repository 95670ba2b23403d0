import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { createApiKeys } from '../../adapters/api-keys.ts';
import { migrate } from '../../adapters/migrate.ts';
import { type ApiKeyEntry, type ApiKeys, isKeyScope, KEY_SCOPES, type NewApiKey } from '../../domain/api-keys.ts';
import { DomainError } from '../../domain/errors.ts';
import { digestOf } from '../../upload/key-ring.ts';
import { assertSchema } from '../assert-schema.ts';
import { type Config, ConfigError } from '../config.ts';
import { systemClock } from '../parts.ts';
import { withDatabase } from '../with-database.ts';
import { SHORT_ID, SHORT_ID_LENGTH } from './find-job.ts';
import { ageOf, printJson, widthMost } from './show.ts';
import { table } from './table.ts';

const USAGE = 'usage: millrace keys create --name N --scope read|write|admin [--expires-days D] | list | revoke ID';
const DAY_MS = 86_400_000;
const MAX_DAYS = 3_650;
const MAX_NAME = 100;
/** Said in front of each key, so that one that got into the wrong place is known for what it is. */
const MARK = 'millrace_';

type Work = (keys: ApiKeys) => Promise<void>;

/**
 * `millrace keys …`, on the database itself: whoever reaches that may do everything anyway, and no key, however wide its
 * scope, can make another.
 */
export async function keys([action = '', ...args]: readonly string[], config: Config): Promise<void> {
  const work = workOf(action, args);
  await withDatabase(config, async (db) => {
    if (action === 'list') await assertSchema(db);
    else await migrate(db);
    await work(createApiKeys(db));
  }).catch((error: unknown) => {
    throw error instanceof DomainError ? new ConfigError(error.message, { cause: error }) : error;
  });
}

/** Wrong arguments are told before a database is started. @throws ConfigError */
function workOf(action: string, args: readonly string[]): Work {
  const options = {
    name: { type: 'string' },
    scope: { type: 'string' },
    'expires-days': { type: 'string' },
    json: { type: 'boolean' },
  } as const;
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    const [id, ...more] = positionals;
    if (action === 'create' && id === undefined) return createKey(newKey(values));
    if (action === 'list' && id === undefined) return (keys) => listKeys(keys, values.json === true);
    if (action === 'revoke' && id !== undefined && more.length === 0) return revokeKey(id);
  } catch (error) {
    throw error instanceof ConfigError ? error : new ConfigError(`${String(error)}\n${USAGE}`);
  }
  throw new ConfigError(USAGE);
}

function newKey({ name, scope, ...rest }: { name?: string; scope?: string; 'expires-days'?: string }) {
  if (name === undefined || name === '' || name.length > MAX_NAME)
    throw new ConfigError(`--name says what the key is for, in at most ${MAX_NAME} characters.`);
  if (!isKeyScope(scope)) throw new ConfigError(`--scope is one of ${KEY_SCOPES.join(', ')}.`);
  const days = rest['expires-days'];
  if (days === undefined) return { name, scope };
  if (!/^\d+$/.test(days) || Number(days) < 1 || Number(days) > MAX_DAYS)
    throw new ConfigError(`--expires-days takes a number from 1 to ${MAX_DAYS}.`);
  return { name, scope, expiresInMs: Number(days) * DAY_MS };
}

/** The key alone goes to standard output, so that a script can take it from there. */
function createKey(wish: Omit<NewApiKey, 'digest'>): Work {
  return async (keys) => {
    const { wereMade } = await keys.held();
    const key = MARK + randomBytes(32).toString('base64url');
    const { id, name, scope, expiresAt } = await keys.create({ ...wish, digest: digestOf(key) });
    console.log(key);
    const until = expiresAt === null ? '' : `, until ${expiresAt}`;
    console.error(
      `This is the key ${id.slice(0, SHORT_ID_LENGTH)} "${name}" of scope ${scope}${until}. It is not shown again.`,
    );
    if (!wereMade)
      console.error('It is the first one: from now on the API takes a key for all but watching, also on this machine.');
  };
}

async function listKeys(keys: ApiKeys, isJson: boolean): Promise<void> {
  const entries = await keys.list();
  if (isJson) return printJson({ keys: entries });
  if (entries.length === 0) return console.log('There are no keys but those of MILLRACE_API_KEYS.');
  console.log(keyTable(entries, systemClock.nowMs(), widthMost()));
}

export function keyTable(entries: readonly ApiKeyEntry[], nowMs: number, width: number): string {
  const columns = [
    { head: 'KEY' },
    { head: 'SCOPE' },
    { head: 'STATE' },
    { head: 'AGE', right: true },
    { head: 'USED', right: true },
    { head: 'EXPIRES' },
    { head: 'NAME', least: 8 },
  ] as const;
  const rows = entries.map((key) => [
    key.id.slice(0, SHORT_ID_LENGTH),
    key.scope,
    stateOf(key, nowMs),
    ageOf(key.createdAt, nowMs),
    ageOf(key.lastUsedAt, nowMs),
    key.expiresAt?.slice(0, 10) ?? '',
    key.name,
  ]);
  return table(columns, rows, width);
}

function stateOf({ revokedAt, expiresAt }: ApiKeyEntry, nowMs: number): string {
  if (revokedAt !== null) return 'revoked';
  return expiresAt !== null && Date.parse(expiresAt) <= nowMs ? 'expired' : 'valid';
}

/** @param start of an id, as long as it is of one key only */
function revokeKey(start: string): Work {
  if (!SHORT_ID.test(start))
    throw new ConfigError(`revoke takes an id, or its first ${SHORT_ID_LENGTH} characters: millrace keys list`);
  return async (keys) => {
    const [found, ...others] = (await keys.list()).filter(({ id }) => id.startsWith(start));
    if (!found || others.length > 0)
      throw new ConfigError(
        found ? `Several keys begin with ${start}.` : `There is no key ${start}: millrace keys list`,
      );
    const isNew = await keys.revoke(found.id);
    console.log(
      `${found.id} "${found.name}" ${isNew ? 'is revoked: it works nowhere within seconds.' : 'was revoked before.'}`,
    );
  };
}
