import pg from 'pg';

const RECONNECT_MS = 1_000;
const CONNECT_TIMEOUT_MS = 5_000;
/** Asked this often whether it still stands: a connection whose other end vanished says nothing. */
const CHECK_MS = 10_000;

export type Listening = {
  /** What to do with each word on a channel. */
  readonly channels: Readonly<Record<string, (payload: string) => void>>;
  /** Called at each start of a connection: what was said before it is lost, so this is the moment to look. */
  readonly onConnected: () => void;
  readonly onError: (error: Error) => void;
};

/** Listens to other processes over one connection of its own, which is opened again when it breaks. @returns how to end it. */
export function listenTo(databaseUrl: string, { channels, onConnected, onError }: Listening): () => Promise<void> {
  let client: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const connect = async (): Promise<void> => {
    const fresh = new pg.Client({
      connectionString: databaseUrl,
      keepAlive: true,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: CONNECT_TIMEOUT_MS,
    });
    client = fresh;
    fresh.on('notification', ({ channel, payload = '' }) => channels[channel]?.(payload));
    fresh.on('error', (error) => again(fresh, error));
    fresh.on('end', () => again(fresh, new Error('the listening connection ended')));
    try {
      await fresh.connect();
      for (const channel of Object.keys(channels)) await fresh.query(`listen ${channel}`);
      onConnected();
      check(fresh);
    } catch (error) {
      again(fresh, error as Error);
    }
  };
  const check = (checked: pg.Client): void => {
    timer = setTimeout(() => {
      checked.query('select 1').then(
        () => checked === client && !stopped && check(checked),
        (error: Error) => again(checked, error),
      );
    }, CHECK_MS);
  };
  const again = (broken: pg.Client, error: Error): void => {
    if (stopped || broken !== client) return;
    client = undefined;
    onError(error);
    clearTimeout(timer);
    void broken.end().catch(() => {});
    timer = setTimeout(() => void connect(), RECONNECT_MS);
  };
  void connect();
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await client?.end();
  };
}
