import { messageIn } from './message-in.ts';
import { entryOf } from './run-entry.ts';
import { isRefused, type RunLine, sourceOf } from './run-lines.ts';
import type { SessionEntry } from './session-entry.ts';

/**
 * Folds a viewing's many requests: those of one track that were answered alike, one after the other, become one entry,
 * which stands where its first one was. What is worth an entry of its own ends all runs, so that the order stays true.
 */
export class SessionRuns {
  /** By track and sort; a run ends when the next request of its track is of another sort. */
  readonly #open = new Map<string, { readonly sort: string; readonly lines: RunLine[]; readonly entry: number }>();
  readonly #entries: (SessionEntry | undefined)[] = [];

  add(line: RunLine): void {
    const [track, sort] = [trackOf(line), sortOf(line)];
    const run = this.#open.get(track);
    if (run?.sort === sort) {
      run.lines.push(line);
      return;
    }
    if (run) this.#close(track);
    this.#open.set(track, { sort, lines: [line], entry: this.#entries.push(undefined) - 1 });
  }

  tell(entry: SessionEntry): void {
    this.#closeAll();
    this.#entries.push(entry);
  }

  /** All entries, in the order of time. */
  end(): SessionEntry[] {
    this.#closeAll();
    return this.#entries.filter((entry) => entry !== undefined);
  }

  #closeAll(): void {
    for (const track of [...this.#open.keys()]) this.#close(track);
  }

  #close(track: string): void {
    const run = this.#open.get(track);
    if (run) this.#entries[run.entry] = entryOf(run.lines);
    this.#open.delete(track);
  }
}

/** Requests for one rendition follow one another; what is fetched ahead for it is another sequence. */
function trackOf(line: RunLine): string {
  if (line.event === 'request_failed') return `failed ${line.role} ${line.status} ${messageIn(line.err)}`;
  const what = `${line.kind} ${line.rendition}`;
  if (line.event !== 'segment_served') return `ahead ${what}`;
  // Whoever is refused asks again, elsewhere and for other things: each refusal is a sequence of its own.
  return isRefused(line) ? `refused ${what} ${line.edge} ${line.status} ${line.code}` : `asked ${what}`;
}

function sortOf(line: RunLine): string {
  if (line.event === 'request_failed') return line.event;
  if (line.event === 'segment_served') return isRefused(line) ? 'refused' : `${line.edge} ${sourceOf(line)}`;
  return `${line.event} ${line.node} ${line.reason} ${'obstacle' in line ? line.obstacle : ''}`;
}
