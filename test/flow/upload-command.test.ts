import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import type { VideoResource } from '../../src/domain/video-resource.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { HeldLine } from '../support/held-line.ts';
import { UploadFolder, UploadProcess } from '../support/upload-process.ts';

/** `millrace upload` and `millrace hash` against a real upload-api. */
const CLI = resolve(import.meta.dirname, '../../src/main/cli.ts');
const MiB = 1024 * 1024;

let database: TestDatabase;
let folder: UploadFolder;
let server: UploadProcess;
let line: HeldLine;
let own: string;
before(async () => {
  own = await mkdtemp(join(tmpdir(), 'millrace-command-'));
  database = await startDatabase();
  folder = await UploadFolder.make();
  server = await UploadProcess.start(folder, database.url);
  line = await HeldLine.to(server.url);
});
after(async () => {
  await line?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
  await folder?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
  await rm(own, { recursive: true, force: true });
});

function start(...args: string[]): ChildProcess {
  const env = { PATH: process.env.PATH, XDG_STATE_HOME: join(own, 'state') };
  return spawn(process.execPath, [CLI, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
}

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const child = start(...args);
  let out = '';
  let err = '';
  child.stdout?.on('data', (text) => (out += text));
  child.stderr?.on('data', (text) => (err += text));
  const [code] = await once(child, 'close');
  return { code, out, err };
}

async function makeFile(name: string, size: number): Promise<{ path: string; bytes: Buffer }> {
  const bytes = randomBytes(size);
  const path = join(own, name);
  await writeFile(path, bytes);
  return { path, bytes };
}

const source = async (id: string): Promise<Buffer> =>
  Buffer.from(await (await fetch(`${server.url}/videos/${id}/source`)).arrayBuffer());

test('files are uploaded, the printed hash is what the server says, and a second time no bytes are sent', async () => {
  const { path, bytes } = await makeFile('two parts.mp4', 9 * MiB + 5);
  const first = await run('upload', path, '--url', line.url);
  assert.equal(first.code, 0, first.err);
  const id = first.out.split(' ')[0]!;
  assert.match(first.out, / uploaded /);
  assert.ok(bytes.equals(await source(id)));

  const video = (await (await fetch(`${server.url}/videos/${id}`)).json()) as VideoResource;
  assert.equal((await run('hash', path)).out, `${video.source.contentId}  ${path}\n`);

  line.release();
  const second = await run('upload', path, '--url', line.url);
  assert.equal(second.code, 0, second.err);
  assert.equal(second.out, `${id}  already known  ${path}\n`);
  assert.ok(line.sentBytes < 10_000, `${line.sentBytes} bytes were sent`);
});

for (const signal of ['SIGKILL', 'SIGINT'] as const)
  test(`an upload that ${signal} ended goes on where it stopped`, async () => {
    const size = 40 * MiB;
    const { path, bytes } = await makeFile(`${signal}.mp4`, size);
    line.holdAfter(20 * MiB);
    const child = start('upload', path, '--url', line.url);
    const gone = once(child, 'close');
    await eventually('half of it was sent', () => line.isHeld);
    child.kill(signal);
    const [code] = await gone;
    assert.equal(code, signal === 'SIGINT' ? 130 : null);

    line.cut();
    line.release();
    const { code: again, out, err } = await run('upload', path, '--url', line.url);
    assert.equal(again, 0, err);
    assert.ok(line.sentBytes < size - 15 * MiB, `${line.sentBytes} of ${size} bytes were sent again`);
    assert.ok(bytes.equals(await source(out.split(' ')[0]!)));
    assert.deepEqual(await readdir(join(own, 'state/millrace/uploads')), [], 'nothing is remembered of what is done');
  });

test('a file that is missing fails the command, and the others are uploaded all the same', async () => {
  const { path } = await makeFile('small.mp4', 1000);
  const { code, out, err } = await run('upload', join(own, 'absent.mp4'), path, '--url', line.url);
  assert.equal(code, 1);
  assert.match(err, /absent\.mp4: ENOENT/);
  assert.match(out, / uploaded .*small\.mp4\n$/);
});

test('an empty file is refused with the words of the server', async () => {
  const { path } = await makeFile('empty.mp4', 0);
  const { code, err } = await run('upload', path, '--url', line.url);
  assert.equal(code, 1);
  assert.match(err, /empty\.mp4: The upload holds no bytes\./);
});
