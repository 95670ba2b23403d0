import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { workerTable } from '../../src/main/commands/workers.ts';
import { Instance } from '../support/instance.ts';
import { makeClip } from '../support/media.ts';
import { MILLRACE, ROOT, runScript, SHOWN_VIDEO, shownCommands } from '../support/shown-commands.ts';

/** Commands that a document shows are run as they stand, but for the port. */
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

function shell(script: string): Promise<string> {
  return runScript(`set -euo pipefail\n${script.replaceAll('http://localhost:8080', instance.url)}`, { cwd: folder });
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
  assert.equal(tested.length, 3);
  const [plain = '', resumable = '', following = ''] = tested;
  const { id } = JSON.parse(await shell(plain)) as { id: string };
  await assertIsClip(id);
  // Or the resumable upload would end as this video, whatever it sent.
  await fetch(`${instance.url}/videos/${id}`, { method: 'DELETE' });
  const said = await shell(resumable);
  assert.match(said, /^HTTP\/1\.1 204 /m);
  assert.equal(/^upload-offset: (\d+)\r?$/im.exec(said)?.[1], String(clip.length));
  const videoId = /^millrace-video-id: (\w+)\r?$/im.exec(said)?.[1] ?? '';
  await assertIsClip(videoId);
  const stream = await shell(following.replace(SHOWN_VIDEO, videoId));
  assert.match(
    stream,
    /^retry: 1000\n\nid: \d+\nevent: snapshot\ndata: {"id":"\w+","title":"clip",.*\n\nid: \d+\nevent: progress\n/,
  );
});

test('the commands of docs/operating.md print the tables that it shows', async () => {
  const text = await readFile(join(ROOT, 'docs/operating.md'), 'utf8');
  const shown = shownCommands(text);
  assert.equal(shown.length, 4);
  const { id } = await instance.upload(join(folder, 'clip.mp4'), 'clip.mp4');
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ title: 'River at dusk' });
  await fetch(`${instance.url}/videos/${id}`, { method: 'PATCH', headers, body });
  for (const { script, output } of shown) {
    const said = await shell(
      script.replaceAll(SHOWN_VIDEO, id).replaceAll(/^millrace (.*)$/gm, `${MILLRACE} $1 --url ${instance.url}`),
    );
    // This instance has no workers, so that nothing ends before it can be cancelled.
    const wanted = said === 'There are no workers.\n' ? workerTable([], 0, Infinity) : said;
    assert.deepEqual(shapeOf(output), shapeOf(wanted), script);
  }
});

/** Of a table its columns; of other lines all but the ids. */
function shapeOf(output: string): string[] {
  const lines = output
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^[0-9a-f-]{36} /, 'id '));
  return /^[A-Z]+ /.test(output) ? (lines[0] ?? '').split(/ +/) : lines;
}

test('the commands of docs/webhooks.md create a webhook and show it', async () => {
  const [script] = await blocks('docs/webhooks.md');
  const [created, list, log] = (await shell(script!)).split(/(?<=})(?={)/).map((text) => JSON.parse(text));
  assert.deepEqual([created.url, created.states], ['https://example.org/hook', ['ready', 'failed']]);
  assert.deepEqual([list.webhooks, log.deliveries], [[created], []]);
});

test('the command of docs/object-keys.md prints the content id', async () => {
  const [script] = (await blocks('docs/object-keys.md')).filter((text) => text.startsWith('split '));
  const digest = createHash('sha256').update(clip).digest();
  const contentId = createHash('sha256').update(digest).digest('hex');
  assert.equal((await shell(script!)).slice(0, 64), contentId);
});
