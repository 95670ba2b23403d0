import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { freePort } from '../../src/lib/listen.ts';
import { eventually } from './eventually.ts';

const CLI = resolve(import.meta.dirname, '../../src/main/cli.ts');

/** A folder with the objects and the log that any number of upload-api processes share. */
export class UploadFolder {
  readonly path: string;
  private constructor(path: string) {
    this.path = path;
  }
  static async make(): Promise<UploadFolder> {
    return new UploadFolder(await mkdtemp(join(tmpdir(), 'millrace-uploads-')));
  }
  get storeUrl(): string {
    return `file:${join(this.path, 'objects')}`;
  }
  get objects(): string {
    return join(this.path, 'objects');
  }
  get logFile(): string {
    return join(this.path, 'upload-api.jsonl');
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

/** An upload-api as a process of its own, which can be killed and frozen. */
export class UploadProcess {
  readonly url: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #logFile: string;
  #child: ChildProcess | undefined;

  private constructor(url: string, env: NodeJS.ProcessEnv, logFile: string) {
    this.url = url;
    this.#env = env;
    this.#logFile = logFile;
  }

  static async start(
    folder: UploadFolder,
    databaseUrl: string,
    settings: NodeJS.ProcessEnv = {},
  ): Promise<UploadProcess> {
    const port = await freePort();
    const { PATH, HOME } = process.env;
    const env = {
      PATH,
      HOME,
      MILLRACE_PORT: String(port),
      MILLRACE_DATA: folder.path,
      MILLRACE_STORE: folder.storeUrl,
      MILLRACE_DATABASE_URL: databaseUrl,
      ...settings,
    };
    const started = new UploadProcess(`http://127.0.0.1:${port}`, env, folder.logFile);
    await started.start();
    return started;
  }

  async start(): Promise<void> {
    const fd = openSync(this.#logFile, 'a');
    const child = spawn(process.execPath, ['--max-semi-space-size=1', CLI, 'upload-api'], {
      env: this.#env,
      stdio: ['ignore', fd, fd],
    });
    closeSync(fd);
    this.#child = child;
    await eventually('the upload-api listens', async () => {
      if (child.exitCode !== null) throw new Error(`the upload-api ended with ${child.exitCode}: see ${this.#logFile}`);
      return fetch(`${this.url}/uploads`, { method: 'OPTIONS' }).then(
        (answer) => answer.ok,
        () => false,
      );
    });
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error('the upload-api does not run');
    return pid;
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
