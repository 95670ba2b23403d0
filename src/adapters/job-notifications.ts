import pg from 'pg';
import { JOB_CHANNEL } from './video-records.ts';

const RECONNECT_AFTER_MS = 1_000;

/**
 * Calls back for each job that was queued anywhere. A broken connection is opened again; what was missed meanwhile is
 * found by the callers' own look.
 * @returns how to end it.
 */
export function onJobQueued(
  databaseUrl: string,
  ring: () => void,
  onError: (error: Error) => void,
): () => Promise<void> {
  let client: pg.Client | undefined;
  let retry: NodeJS.Timeout | undefined;
  let stopped = false;

  const connect = async (): Promise<void> => {
    const fresh = new pg.Client({ connectionString: databaseUrl, keepAlive: true });
    fresh.on('notification', ring);
    fresh.on('error', again);
    client = fresh;
    await fresh.connect();
    await fresh.query(`listen ${JOB_CHANNEL}`);
    ring();
  };
  const again = (error: Error): void => {
    if (stopped || retry) return;
    onError(error);
    void client?.end().catch(() => {});
    retry = setTimeout(() => {
      retry = undefined;
      connect().catch(again);
    }, RECONNECT_AFTER_MS);
  };
  connect().catch(again);
  return async () => {
    stopped = true;
    clearTimeout(retry);
    await client?.end();
  };
}
