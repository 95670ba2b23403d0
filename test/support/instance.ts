import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { VideoResource } from '../../src/domain/video-resource.ts';
import { freePort } from '../../src/lib/listen.ts';
import { eventually } from './eventually.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const CLI = join(ROOT, 'src/main/cli.ts');
const run = promisify(execFile);

/** The whole platform, as `npm start` runs it, on a data folder and a port of its own. */
export class Instance {
  readonly data: string;
  readonly port: number;
  readonly #settings: NodeJS.ProcessEnv;
  #process: ChildProcess | undefined;
  #output = '';

  private constructor(data: string, port: number, settings: NodeJS.ProcessEnv) {
    this.data = data;
    this.port = port;
    this.#settings = settings;
  }

  static async start(settings: NodeJS.ProcessEnv = {}): Promise<Instance> {
    // A space in the path, as people have them.
    return Instance.startOn(await mkdtemp(join(tmpdir(), 'millrace test ')), settings);
  }

  /** On a data folder that is there already. */
  static async startOn(data: string, settings: NodeJS.ProcessEnv): Promise<Instance> {
    const instance = await Instance.on(data, settings);
    await instance.start();
    return instance;
  }

  /** Not started yet. */
  static async on(data: string, settings: NodeJS.ProcessEnv): Promise<Instance> {
    return new Instance(data, await freePort(), settings);
  }

  get url(): string {
    return `http://localhost:${this.port}`;
  }

  get output(): string {
    return this.#output;
  }

  async start(): Promise<void> {
    this.#output = '';
    const child = spawn(process.execPath, [CLI, 'up'], { env: this.#env(), stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = child;
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (this.#output += text));
    await eventually('the instance is ready', async () => {
      if (child.exitCode !== null) throw new Error(`up ended with ${child.exitCode}: ${this.#output}`);
      return this.#output.includes('is ready');
    });
  }

  /** Runs another command on the same data folder. */
  async command(...args: string[]): Promise<string> {
    const { stdout } = await run(process.execPath, [CLI, ...args], { env: this.#env() });
    return stdout;
  }

  async stop(): Promise<void> {
    await this.command('stop');
  }

  /** SIGKILL to the supervisor itself. */
  kill(): void {
    this.#process?.kill('SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.data, { recursive: true, force: true });
  }

  #env(): NodeJS.ProcessEnv {
    const { PATH, HOME } = process.env;
    return { PATH, HOME, ...this.#settings, MILLRACE_DATA: this.data, MILLRACE_PORT: String(this.port) };
  }

  async upload(file: string, filename: string): Promise<{ status: number; id: string; created: boolean }> {
    const body = await readFile(file);
    const response = await fetch(`${this.url}/upload?filename=${encodeURIComponent(filename)}`, {
      method: 'POST',
      body,
    });
    const answer = (await response.json()) as { id: string; created: boolean };
    return { status: response.status, ...answer };
  }

  async video(id: string): Promise<VideoResource> {
    const response = await fetch(`${this.url}/videos/${id}`);
    if (!response.ok) throw new Error(`GET /videos/${id}: ${response.status} ${await response.text()}`);
    return (await response.json()) as VideoResource;
  }

  /** The video once nothing more will happen to it by itself. */
  async settled(id: string, deadlineMs?: number): Promise<VideoResource> {
    let video = await this.video(id);
    const isSettled = async (): Promise<boolean> => {
      video = await this.video(id);
      return video.state === 'ready' || video.state === 'failed';
    };
    await eventually(`video ${id} is settled`, isSettled, deadlineMs);
    return video;
  }

  /** Log lines of all roles, oldest first within each. */
  async logs(): Promise<Record<string, unknown>[]> {
    const folder = join(this.data, 'logs');
    const files = (await readdir(folder)).filter((name) => name.endsWith('.jsonl'));
    const texts = await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')));
    return texts.flatMap((text) =>
      text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
    );
  }
}
