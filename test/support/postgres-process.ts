import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { prepareEmbeddedPostgres } from '../../src/adapters/embedded-postgres.ts';

/** `postgres-process.ts FOLDER`: a PostgreSQL on port 5432 of whatever host this runs on; its password is in FOLDER/postgres. */
const PORT = 5432;
const READY_DEADLINE_MS = 60_000;
const [folder = ''] = process.argv.slice(2);

const logFd = openSync(join(folder, 'postgres.log'), 'a');
const postgres = await prepareEmbeddedPostgres(join(folder, 'postgres'), PORT);
const server = postgres.spawn(logFd);
closeSync(logFd);
server.once('exit', () => process.exit());
// Told to end, or the test is gone.
for (const end of ['SIGTERM', 'disconnect']) process.once(end, () => server.kill('SIGINT'));
await postgres.ready(AbortSignal.timeout(READY_DEADLINE_MS));
process.send?.('ready');
