export type EventHandlers = Readonly<Record<string, (data: unknown) => void>>;

export type ListeningOptions = {
  readonly path: string;
  /** By the names of the events. */
  readonly on: EventHandlers;
  /** The stream stands, or does not stand any more. */
  readonly onStands: (stands: boolean) => void;
  readonly open: (path: string) => Source;
  /** Calls back once after the wait; the answer cancels it. */
  readonly after: (ms: number, callback: () => void) => () => void;
};

/** What we need of a browser's EventSource. */
export type Source = Pick<EventSource, 'readyState' | 'close'> & {
  addEventListener(name: string, listener: (event: { readonly data?: unknown }) => void): void;
};

/** A browser comes back by itself after a break, but not after an answer such as 503. */
const OPEN_AGAIN_MS = 5_000;
const CLOSED = 2;

/** Hears server-sent events until it is ended, and opens the stream again whenever it broke. */
export function listenToEvents({ path, on, onStands, open, after }: ListeningOptions): () => void {
  let cancelWait = () => {};
  let source = connect();

  function connect(): Source {
    const fresh = open(path);
    fresh.addEventListener('open', () => onStands(true));
    fresh.addEventListener('error', () => {
      onStands(false);
      if (fresh.readyState !== CLOSED) return;
      cancelWait();
      cancelWait = after(OPEN_AGAIN_MS, () => {
        source = connect();
      });
    });
    for (const [name, handle] of Object.entries(on))
      fresh.addEventListener(name, ({ data }) => handle(JSON.parse(String(data))));
    return fresh;
  }

  return () => {
    cancelWait();
    source.close();
  };
}
