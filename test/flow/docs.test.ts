import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { Instance } from '../support/instance.ts';
import { makeClip } from '../support/media.ts';

/** Commands that a document shows are run as they stand, but for the port. */
const ROOT = resolve(import.meta.dirname, '../..');
const DEADLINE_MS = 60_000;
const run = promisify(execFile);

let instance: Instance;
let folder: string;
let clip: Buffer;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-docs-'));
  await makeClip(join(folder, 'clip.mp4'), { seconds: 2, rate: '25' });
  clip = await readFile(join(folder, 'clip.mp4'));
  instance = await Instance.start({ MILLRACE_WORKERS: '0' });
});
after(async () => {
  await instance?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function shell(script: string): Promise<string> {
  const here = script.replaceAll('http://localhost:8080', instance.url);
  const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', here], { cwd: folder, timeout: DEADLINE_MS });
  return stdout;
}

/** The fenced sh blocks of a document, each as one script. */
async function blocks(file: string): Promise<string[]> {
  const text = await readFile(join(ROOT, file), 'utf8');
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, script = '']) => script);
}

async function assertIsClip(videoId: string): Promise<void> {
  const source = await fetch(`${instance.url}/videos/${videoId}/source`);
  assert.deepEqual(Buffer.from(await source.arrayBuffer()), clip);
}

test('the curl line of the README uploads a clip', async () => {
  const [line] = (await blocks('README.md')).filter((script) => script.startsWith('curl '));
  const answer = JSON.parse(await shell(line!)) as { id: string; created: boolean };
  assert.equal(answer.created, true);
  await assertIsClip(answer.id);
});

test('the commands of docs/http-api.md upload the clip, the resumable ones after a break', async () => {
  const tested = (await blocks('docs/http-api.md')).filter((script) => script.startsWith('# tested\n'));
  assert.equal(tested.length, 2);
  const [plain = '', resumable = ''] = tested;
  const { id } = JSON.parse(await shell(plain)) as { id: string };
  await assertIsClip(id);
  // Or the resumable upload would end as this video, whatever it sent.
  await fetch(`${instance.url}/videos/${id}`, { method: 'DELETE' });
  const said = await shell(resumable);
  assert.match(said, /^HTTP\/1\.1 204 /m);
  assert.equal(/^upload-offset: (\d+)\r?$/im.exec(said)?.[1], String(clip.length));
  await assertIsClip(/^millrace-video-id: (\w+)\r?$/im.exec(said)?.[1] ?? '');
});

test('the command of docs/object-keys.md prints the content id', async () => {
  const [script] = (await blocks('docs/object-keys.md')).filter((text) => text.startsWith('split '));
  const digest = createHash('sha256').update(clip).digest();
  const contentId = createHash('sha256').update(digest).digest('hex');
  assert.equal((await shell(script!)).slice(0, 64), contentId);
});
