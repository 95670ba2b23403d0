import { isTaskId } from '../domain/ids.ts';
import type { WorkerNews } from '../domain/ports.ts';

/** Three beats: an orchestrator, or the network to it, that is silent for longer is gone. */
const SILENCE_MS = 6_000;
/** News are short; a longer line comes from something else than an orchestrator. */
const MAX_LINE_CHARS = 64 * 1024;

/** Tells what comes over one connection, a line of JSON each. Returns when the other side ends it, throws when it breaks. */
export async function followNews(
  open: (until: AbortSignal) => Promise<Response>,
  onNews: (news: WorkerNews) => void,
  signal: AbortSignal,
  silenceMs = SILENCE_MS,
): Promise<void> {
  const ended = new AbortController();
  const silence = setTimeout(() => ended.abort(new Error(`the orchestrator is silent for ${silenceMs} ms`)), silenceMs);
  try {
    const response = await open(AbortSignal.any([signal, ended.signal]));
    // To be answered is the first sign of life.
    onNews({ news: 'beat' });
    for await (const line of linesOf(response)) {
      silence.refresh();
      const news = parseNews(line);
      if (news) onNews(news);
    }
  } finally {
    clearTimeout(silence);
    ended.abort(new Error('the connection is over'));
  }
}

async function* linesOf({ body }: Response): AsyncGenerator<string> {
  let rest = '';
  for await (const text of body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_LINE_CHARS) throw new Error(`a line of more than ${MAX_LINE_CHARS} characters`);
    yield* lines.filter((line) => line !== '');
  }
}

/** An orchestrator of another version may have news that this worker does not know: they are passed over. */
export function parseNews(line: string): WorkerNews | undefined {
  const { news, taskId, token } = JSON.parse(line) as Record<string, unknown>;
  if (news === 'beat') return { news };
  if (news !== 'lease_ended' || typeof taskId !== 'string' || !isTaskId(taskId)) return undefined;
  return typeof token === 'number' ? { news, taskId, token } : undefined;
}
