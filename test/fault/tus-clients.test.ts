import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { Upload } from 'tus-js-client';
import { build } from 'vite';
import { openBrowser, openPage } from '../support/browser.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { UploadFolder, UploadProcess } from '../support/upload-process.ts';
import type { UppyOutcome } from '../support/uppy-page.ts';

/** The clients that people have, as npm gives them, against a server that is killed under them. */
const MiB = 1024 * 1024;
/** Enough parts that there is a middle to be killed in. */
const SIZE = 40 * MiB;
const RETRY_DELAYS = [100, 500, 1_000, 2_000, 3_000, 5_000, 5_000, 5_000];

let database: TestDatabase;
let folder: UploadFolder;
let server: UploadProcess;
before(async () => {
  database = await startDatabase();
  folder = await UploadFolder.make();
  server = await UploadProcess.start(folder, database.url);
});
after(async () => {
  await server?.[Symbol.asyncDispose]();
  await folder?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

async function restart(): Promise<void> {
  await server.kill();
  await server.start();
}

async function assertSource(videoId: string, bytes: Buffer): Promise<void> {
  const answer = await fetch(`${server.url}/videos/${videoId}/source`);
  assert.ok(bytes.equals(Buffer.from(await answer.arrayBuffer())), 'the source is identical');
}

type Finished = { readonly videoId: string; readonly startedAt: readonly number[] };

/** Uploads with tus-js-client; `onBytes` may kill the server, once. */
function upload(bytes: Buffer, chunkSize: number, onBytes: (sent: number) => void): Promise<Finished> {
  return new Promise((done, failed) => {
    let videoId = '';
    const startedAt: number[] = [];
    const client = new Upload(bytes, {
      endpoint: `${server.url}/uploads`,
      chunkSize,
      retryDelays: RETRY_DELAYS,
      metadata: { filename: 'clip.mp4', filetype: 'video/mp4' },
      onBeforeRequest: (request) => {
        const offset = request.getHeader('Upload-Offset');
        if (offset !== undefined) startedAt.push(Number(offset));
      },
      onAfterResponse: (_, response) => {
        videoId = response.getHeader('Millrace-Video-Id') ?? videoId;
      },
      onProgress: onBytes,
      onSuccess: () => done({ videoId, startedAt }),
      onError: failed,
    });
    client.start();
  });
}

for (const [how, chunkSize] of [
  ['in one request', Number.POSITIVE_INFINITY],
  ['in requests of 3 MB', 3_000_000],
] as const)
  test(`tus-js-client, sending ${how}, goes on after the server was killed`, async () => {
    const bytes = randomBytes(SIZE);
    let killed: Promise<void> | undefined;
    const { videoId, startedAt } = await upload(bytes, chunkSize, (sent) => {
      if (sent > SIZE / 2) killed ??= restart();
    });
    await killed;
    assert.ok(killed, 'the server was killed in the middle');
    assert.ok(startedAt.at(-1)! > 0, `it went on from an offset: ${startedAt}`);
    await assertSource(videoId, bytes);
  });

test('Uppy, in a browser, goes on after the server was killed', async () => {
  await using browser = await openBrowser();
  const { page } = await openPage(browser);
  // A page of the same origin, with nothing on it.
  await page.route('**/client', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html>' }));
  await page.goto(`${server.url}/client`);
  await page.addScriptTag({
    content: await bundle(resolve(import.meta.dirname, '../support/uppy-page.ts')),
    type: 'module',
  });
  await page.waitForFunction('window.uploadWithUppy');
  const uploading = page.evaluate(`window.uploadWithUppy(${SIZE}, ${JSON.stringify(RETRY_DELAYS)})`);
  await eventually('half of it was sent', async () => Number(await page.evaluate('window.sentBytes ?? 0')) > SIZE / 2);
  await restart();
  const { sha256, ...outcome } = (await uploading) as UppyOutcome;
  assert.deepEqual(outcome, { successful: 1, failed: 0 });

  const { videos } = (await (await fetch(`${server.url}/videos`)).json()) as { videos: { id: string }[] };
  const source = await (await fetch(`${server.url}/videos/${videos[0]!.id}/source`)).arrayBuffer();
  const stored = Buffer.from(await crypto.subtle.digest('SHA-256', source)).toString('hex');
  assert.equal(stored, sha256);
});

/** One script of a module and everything that it imports. */
async function bundle(entry: string): Promise<string> {
  const result = await build({
    configFile: false,
    logLevel: 'error',
    define: { 'process.env.NODE_ENV': '"production"' },
    build: { write: false, lib: { entry, formats: ['es'], fileName: 'out' } },
  });
  const [first] = Array.isArray(result) ? result : [result];
  const chunk = first && 'output' in first ? first.output[0] : undefined;
  if (!chunk) throw new Error('vite built nothing');
  return chunk.code;
}
