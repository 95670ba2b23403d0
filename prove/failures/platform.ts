import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { LogLine } from '../../test/fault/read-logs.ts';
import { StoreFolder } from '../../test/fault/store-folder.ts';
import { eventually } from '../../test/support/eventually.ts';
import { Instance } from '../../test/support/instance.ts';
import { aliveProcesses } from '../../test/support/processes.ts';
import { LogTail, timeOf, type Wanted } from './log-tail.ts';
import type { Measures } from './measures.ts';
import { SmallDisk } from './small-disk.ts';
import { readClip, type Source, sourceNamed } from './sources.ts';

export type Video = { readonly id: string; readonly source: Source };

/** `millrace up` with all its processes, of which each can be killed and frozen, its store taken away and its disk filled. */
export class Platform {
  readonly instance: Instance;
  readonly store: StoreFolder;
  readonly disk: SmallDisk;
  readonly logs: LogTail;
  readonly measures: Measures;
  readonly #clip: Source;
  #watched: Video | undefined;

  private constructor(parts: Pick<Platform, 'instance' | 'store' | 'disk' | 'measures'>, clip: Source) {
    this.instance = parts.instance;
    this.store = parts.store;
    this.disk = parts.disk;
    this.measures = parts.measures;
    this.logs = new LogTail(join(parts.instance.data, 'logs'));
    this.#clip = clip;
  }

  /** Objects and the edges' caches lie on the small disk; database and logs do not. */
  static async start(folder: string, measures: Measures): Promise<Platform> {
    await using opening = new AsyncDisposableStack();
    const data = join(folder, 'data');
    const disk = opening.use(await SmallDisk.mount(join(folder, 'disk')));
    await mkdir(join(folder, 'disk', 'cache'));
    await mkdir(data);
    await symlink(join(folder, 'disk', 'cache'), join(data, 'cache'));
    const store = await StoreFolder.make(folder);
    const clip = await readClip(folder, measures.clipSeconds);
    const instance = await Instance.on(data, { ...measures.settings, MILLRACE_STORE: store.url });
    opening.defer(() => instance.stop());
    await instance.start();
    opening.move();
    return new Platform({ instance, store, disk, measures }, clip);
  }

  get url(): string {
    return this.instance.url;
  }

  /** A video of its own for each name, uploaded and not yet processed. */
  async upload(name: string): Promise<Video> {
    return this.#post(this.source(name));
  }

  source(name: string, moreBytes?: number): Source {
    return sourceNamed(name, this.#clip, moreBytes);
  }

  /** The video that viewers play, made when the first one comes. */
  async watched(): Promise<Video> {
    this.#watched ??= await this.#makeWatched();
    return this.#watched;
  }

  async #makeWatched(): Promise<Video> {
    const folder = join(this.instance.data, '..');
    const video = await this.#post({ ...(await readClip(folder, this.measures.watchedSeconds)), name: 'watched' });
    const { state, error } = await this.instance.settled(video.id);
    if (state !== 'ready') throw new Error(`the video to be watched is ${state}: ${JSON.stringify(error)}`);
    return video;
  }

  async #post(source: Source): Promise<Video> {
    const address = `${this.url}/upload?filename=${source.name}.mp4`;
    const answer = await fetch(address, { method: 'POST', body: source.bytes });
    if (answer.status !== 201) throw new Error(`POST /upload: ${answer.status} ${await answer.text()}`);
    return { id: ((await answer.json()) as { id: string }).id, source };
  }

  /** Logged since then, or yet to be. */
  logged(wanted: Wanted, sinceMs: number): Promise<LogLine> {
    return this.logs.first(wanted, sinceMs);
  }

  /** From a moment to a line. */
  async lapseMs(sinceMs: number, wanted: Wanted): Promise<number> {
    return timeOf(await this.logged(wanted, sinceMs)) - sinceMs;
  }

  /** Of a child, as it was started last. */
  async pid(child: string): Promise<number> {
    const started = (await this.logs.lines()).filter((line) => line.event === 'child_started' && line.child === child);
    return Number(started.at(-1)?.pid);
  }

  /** @returns just before, in ms since 1970 */
  async signal(child: string, signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<number> {
    const pid = await this.pid(child);
    const beforeMs = Date.now();
    process.kill(pid, signal);
    return beforeMs;
  }

  /** The supervisor first, so that it starts nobody again, and then all the others at once. @returns just before */
  async killAll(): Promise<() => number> {
    const children = new Set(
      (await this.logs.lines()).flatMap(({ event, child }) => (event === 'child_started' ? [String(child)] : [])),
    );
    const pids = await Promise.all([...children].map((child) => this.pid(child)));
    return () => {
      const beforeMs = Date.now();
      this.instance.kill();
      for (const pid of pids) process.kill(pid, 'SIGKILL');
      return beforeMs;
    };
  }

  async startAgain(): Promise<void> {
    await eventually('no process is left', async () => (await aliveProcesses(this.instance.data)).length === 0);
    await this.instance.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.disk.free();
    await this.store.bringBack();
    await this.instance.stop();
    await this.disk[Symbol.asyncDispose]();
  }
}
