export type Message = { readonly event: string; readonly id: number | undefined; readonly data: unknown };

export type OpenStream = AsyncDisposable & {
  readonly answer: Response;
  /** The next messages; fewer where the stream ended. */
  readonly take: (count: number) => Promise<Message[]>;
  /** The next message that fits, after dropping others. */
  readonly until: (fits: (message: Message) => boolean) => Promise<Message>;
  readonly rest: () => Promise<Message[]>;
};

/** Generous: what never comes fails the test, and what is late does not. */
const DEADLINE_MS = 60_000;

/** A client of server-sent events that reads as slowly as its test asks. */
export async function openStream(url: string, lastEventId?: number): Promise<OpenStream> {
  const leaving = new AbortController();
  const signal = AbortSignal.any([leaving.signal, AbortSignal.timeout(DEADLINE_MS)]);
  const headers = lastEventId === undefined ? {} : { 'last-event-id': String(lastEventId) };
  const answer = await fetch(url, { headers, signal });
  const messages = messagesOf(answer);
  const take = async (count: number): Promise<Message[]> => {
    const taken: Message[] = [];
    while (taken.length < count) {
      const next = await messages.next();
      if (next.done) break;
      taken.push(next.value);
    }
    return taken;
  };
  const until = async (fits: (message: Message) => boolean): Promise<Message> => {
    for (;;) {
      const [message] = await take(1);
      if (!message) throw new Error('the stream ended');
      if (fits(message)) return message;
    }
  };
  return {
    answer,
    take,
    until,
    rest: () => take(Number.MAX_SAFE_INTEGER),
    [Symbol.asyncDispose]: async () => leaving.abort(),
  };
}

async function* messagesOf(answer: Response): AsyncGenerator<Message, undefined> {
  let text = '';
  for await (const chunk of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const message = messageOf(text.slice(0, end));
      text = text.slice(end + 2);
      if (message) yield message;
    }
  }
  return undefined;
}

function messageOf(block: string): Message | undefined {
  const fields = new Map(block.split('\n').map((line) => line.split(/: ?(.*)/s) as [string, string]));
  const data = fields.get('data');
  if (data === undefined) return undefined;
  const id = fields.get('id');
  return {
    event: fields.get('event') ?? 'message',
    id: id === undefined ? undefined : Number(id),
    data: JSON.parse(data),
  };
}
