import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { Upload } from 'tus-js-client';
import { build } from 'vite';
import { PART_SIZE_BYTES } from '../../src/domain/source.ts';
import { openBrowser, openPage } from '../support/browser.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { HeldLine } from '../support/held-line.ts';
import { UploadFolder, UploadProcess } from '../support/upload-process.ts';
import type { UppyOutcome } from '../support/uppy-page.ts';

/** The clients that people have, as npm gives them, against a server that is killed under them. */
const MiB = 1024 * 1024;
/** Enough parts that there is a middle to be killed in. */
const SIZE = 40 * MiB;
const HELD_AT = 24 * MiB;
/** What the heads of requests may add to the bytes of the file. */
const HEADS = MiB;
const RETRY_DELAYS = [100, 500, 1_000, 2_000, 3_000, 5_000, 5_000, 5_000];

let database: TestDatabase;
let folder: UploadFolder;
let server: UploadProcess;
let line: HeldLine;
before(async () => {
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
});

/** A client reports its progress ten times a second at most, too seldom on a quick machine: the line stops instead. */
async function killInTheMiddle(): Promise<void> {
  await eventually('half of it was sent', () => line.isHeld);
  await eventually('a part is kept for good', async () => {
    const unfinished = database.db.selectFrom('uploads').select('whole_parts').where('finished_at', 'is', null);
    return ((await unfinished.executeTakeFirst())?.whole_parts ?? 0) > 0;
  });
  await server.kill();
  line.cut();
  line.release();
  await server.start();
}

function assertWentOn(): void {
  assert.ok(line.sentBytes <= SIZE - PART_SIZE_BYTES + HEADS, `${line.sentBytes} of ${SIZE} bytes were sent again`);
}

async function assertSource(videoId: string, bytes: Buffer): Promise<void> {
  const answer = await fetch(`${server.url}/videos/${videoId}/source`);
  assert.ok(bytes.equals(Buffer.from(await answer.arrayBuffer())), 'the source is identical');
}

/** Uploads with tus-js-client, and says which video it became. */
function upload(bytes: Buffer, chunkSize: number): Promise<string> {
  return new Promise((done, failed) => {
    let videoId = '';
    const client = new Upload(bytes, {
      endpoint: `${line.url}/uploads`,
      chunkSize,
      retryDelays: RETRY_DELAYS,
      metadata: { filename: 'clip.mp4', filetype: 'video/mp4' },
      onAfterResponse: (_, response) => {
        videoId = response.getHeader('Millrace-Video-Id') ?? videoId;
      },
      onSuccess: () => done(videoId),
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
    line.holdAfter(HELD_AT);
    const [videoId] = await Promise.all([upload(bytes, chunkSize), killInTheMiddle()]);
    assertWentOn();
    await assertSource(videoId, bytes);
  });

test('Uppy, in a browser, goes on after the server was killed', async () => {
  await using browser = await openBrowser();
  const { page } = await openPage(browser);
  // A page of the same origin, with nothing on it.
  await page.route('**/client', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html>' }));
  await page.goto(`${line.url}/client`);
  await page.addScriptTag({
    content: await bundle(resolve(import.meta.dirname, '../support/uppy-page.ts')),
    type: 'module',
  });
  await page.waitForFunction('window.uploadWithUppy');
  line.holdAfter(HELD_AT);
  const uploading = page.evaluate(`window.uploadWithUppy(${SIZE}, ${JSON.stringify(RETRY_DELAYS)})`);
  const [{ sha256, ...outcome }] = await Promise.all([uploading as Promise<UppyOutcome>, killInTheMiddle()]);
  assert.deepEqual(outcome, { successful: 1, failed: 0 });
  assertWentOn();

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
