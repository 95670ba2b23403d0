import type { ServerResponse } from 'node:http';
import { setInterval as every } from 'node:timers/promises';
import type { WorkerRecords } from '../domain/job-records.ts';
import type { LogEvent } from '../domain/log-events.ts';
import type { WorkerInfo, WorkerNews } from '../domain/ports.ts';
import type { Log } from '../lib/log.ts';
import { pause } from '../lib/pause.ts';

export type WorkerLinesDeps = {
  readonly records: WorkerRecords;
  readonly orchestrator: string;
  readonly newConnection: () => string;
  readonly log: Log<LogEvent>;
  readonly stopping: AbortSignal;
};

type Line = { readonly connection: string; readonly worker: WorkerInfo; readonly response: ServerResponse };

const BEAT_MS = 2_000;
/** A worker that reads so little has left, or hangs: it is cut off, and its lease tells the rest. */
const MAX_UNREAD_BYTES = 64 * 1024;
/** Rows of workers that are long gone are looked for this often, in beats. */
const FORGET_EVERY_BEATS = 1_800;

/**
 * The connections that workers hold to this orchestrator: one line of JSON for each thing they are told. That one
 * breaks says at once what a silent lease says only at its end.
 */
export class WorkerLines {
  readonly #deps: WorkerLinesDeps;
  readonly #lines = new Map<string, Line>();

  constructor(deps: WorkerLinesDeps) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#lines.size;
  }

  /** Resolves when the connection is noted and its first beat sent. */
  async connect(worker: WorkerInfo, response: ServerResponse): Promise<void> {
    const { records, orchestrator, newConnection, log } = this.#deps;
    const line: Line = { connection: newConnection(), worker, response };
    await records.connected(worker, { orchestrator, connection: line.connection });
    if (response.destroyed) return this.#closed(line);
    this.#lines.set(line.connection, line);
    response.once('close', () => void this.#closed(line));
    response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
    tell(line, { news: 'beat' });
    log.info('worker_connected', { worker: worker.worker, session: worker.session, version: worker.version });
    if (this.#deps.stopping.aborted) response.end();
  }

  /** Beats until the signal aborts; then all lines end, and the workers look for another orchestrator. */
  async run(): Promise<void> {
    const { stopping } = this.#deps;
    // Beside one another: a database that is slow to note who was seen must not make workers think that this one is gone.
    const noting = this.#note();
    try {
      for await (const _ of every(BEAT_MS, undefined, { signal: stopping }))
        for (const line of this.#lines.values()) tell(line, { news: 'beat' });
    } catch (error) {
      if (!stopping.aborted) throw error;
    } finally {
      for (const { response } of this.#lines.values()) response.end();
      await noting;
    }
  }

  async #note(): Promise<void> {
    const { records, stopping, log } = this.#deps;
    const onError = (err: unknown): void => log.error('queue_error', { err });
    for (let notes = 1; !stopping.aborted; notes++) {
      await pause(BEAT_MS, stopping);
      if (stopping.aborted) return;
      await records.seen([...this.#lines.keys()]).catch(onError);
      if (notes % FORGET_EVERY_BEATS === 0) await records.forgetGone().catch(onError);
    }
  }

  /** Tells the holder of a grant that it is over, where it is connected here. */
  leaseEnded({ session, taskId, token }: EndedGrant): void {
    for (const line of this.#lines.values())
      if (line.worker.session === session) tell(line, { news: 'lease_ended', taskId, token });
  }

  async #closed({ connection, worker }: Line): Promise<void> {
    const { records, log, stopping } = this.#deps;
    this.#lines.delete(connection);
    // It was us who ended it: the worker is about to connect elsewhere.
    if (stopping.aborted) return;
    log.info('worker_disconnected', { worker: worker.worker, session: worker.session });
    // Where this cannot be noted, its lease tells.
    await records.disconnected(connection).catch((err: unknown) => log.error('queue_error', { err }));
  }
}

type EndedGrant = { readonly session: string } & Omit<Extract<WorkerNews, { news: 'lease_ended' }>, 'news'>;

function tell({ response }: Line, news: WorkerNews): void {
  if (response.writableLength > MAX_UNREAD_BYTES) response.destroy();
  else response.write(`${JSON.stringify(news)}\n`);
}
