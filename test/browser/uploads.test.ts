import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import type { Browser, Locator, Page } from 'playwright-core';
import { openBrowser, openPage, saveScreenshot } from '../support/browser.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { HeldLine } from '../support/held-line.ts';
import { UploadFolder, UploadProcess } from '../support/upload-process.ts';

/** Uploads by the page in a real browser, over a line that stops in the middle. */
const MiB = 1024 * 1024;
const SIZE = 30 * MiB;
const HELD_AT = 15 * MiB;
/** What the line had taken and the server had not: buffers of two sockets. */
const ON_THE_WAY = 8 * MiB;

let database: TestDatabase;
let folder: UploadFolder;
let server: UploadProcess;
let line: HeldLine;
let browser: Browser;
let own: string;
let page: Page;
let row: Locator;
before(async () => {
  own = await mkdtemp(join(tmpdir(), 'millrace-page-'));
  database = await startDatabase();
  folder = await UploadFolder.make();
  server = await UploadProcess.start(folder, database.url);
  line = await HeldLine.to(server.url);
  browser = await openBrowser();
});
beforeEach(async () => {
  line.release();
  ({ page } = await openPage(browser));
  // The question that browsers ask before an upload is left.
  page.on('dialog', (dialog) => void dialog.accept());
  row = page.getByTestId('upload-row');
  await page.goto(line.url);
});
afterEach(() => page.close());
after(async () => {
  await browser?.close();
  await line?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
  await folder?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
  await rm(own, { recursive: true, force: true });
});

async function makeFile(name: string): Promise<{ path: string; bytes: Buffer }> {
  const bytes = randomBytes(SIZE);
  const path = join(own, name);
  await writeFile(path, bytes);
  return { path, bytes };
}

const choose = (path: string): Promise<void> => page.getByTestId('upload-input').setInputFiles(path);
const inState = (state: string): Promise<void> =>
  page.locator(`[data-testid=upload-row][data-state=${state}]`).waitFor();

async function chooseAndHold(path: string): Promise<void> {
  line.holdAfter(HELD_AT);
  await choose(path);
  await eventually('half of it was sent', () => line.isHeld);
}

async function assertDone(bytes: Buffer): Promise<void> {
  await inState('done');
  const id = (await row.locator('a').getAttribute('href'))?.split('/').at(-1);
  const source = await (await fetch(`${server.url}/videos/${id}/source`)).arrayBuffer();
  assert.ok(bytes.equals(Buffer.from(source)), 'the source is identical');
}

const assertWentOn = (): void =>
  assert.ok(line.sentBytes < SIZE - HELD_AT + ON_THE_WAY, `${line.sentBytes} of ${SIZE} bytes were sent again`);

test('a paused upload goes on where it stopped, and the same file is then known with no bytes sent', async () => {
  const { path, bytes } = await makeFile('Pause and resume.mp4');
  await chooseAndHold(path);
  await saveScreenshot(page, 'upload-uploading');
  await page.getByRole('button', { name: /^Pause the upload/ }).click();
  await inState('paused');
  await saveScreenshot(page, 'upload-paused');
  line.cut();
  line.release();
  await page.getByRole('button', { name: /^Resume the upload/ }).click();
  await assertDone(bytes);
  assertWentOn();
  await saveScreenshot(page, 'upload-resumed');

  line.release();
  await page.getByRole('button', { name: 'Clear' }).click();
  await choose(path);
  await row.filter({ hasText: 'Already in the library' }).waitFor();
  assert.ok(line.sentBytes < MiB, `${line.sentBytes} bytes were sent`);
  await saveScreenshot(page, 'upload-duplicate');
});

test('after the page was left it names the upload, and the same file goes on where it stopped', async () => {
  const { path, bytes } = await makeFile('Reload.mp4');
  // In whole seconds: others cannot be given back to the millisecond.
  await utimes(path, 2, 2);
  await chooseAndHold(path);
  await page.goto('about:blank');
  line.cut();
  line.release();
  await page.goto(line.url);
  const interrupted = page.getByTestId('interrupted-upload');
  await interrupted.getByText('Reload.mp4').waitFor();
  await saveScreenshot(page, 'upload-interrupted');
  const other = join(own, 'Other.mp4');
  await writeFile(other, 'another file');
  await page.getByTestId('interrupted-input').setInputFiles(other);
  await interrupted.getByText('is another file').waitFor();
  // The same name and size: nothing but the time says that it is not the same any more.
  await utimes(path, 1, 1);
  await page.getByTestId('interrupted-input').setInputFiles(path);
  await interrupted.getByText('changed since').waitFor();
  await utimes(path, 2, 2);
  await page.getByTestId('interrupted-input').setInputFiles(path);
  await interrupted.waitFor({ state: 'detached' });
  await assertDone(bytes);
  assertWentOn();
});

test('an interrupted upload that is given up is forgotten, and one of another window is not shown', async () => {
  const { path } = await makeFile('Given up.mp4');
  const opened = page.waitForEvent('popup');
  await page.evaluate(() => void window.open('/'));
  const other = await opened;
  await other.getByTestId('upload-input').waitFor({ state: 'attached' });
  await chooseAndHold(path);
  const known = () => other.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('tus::')).length);
  await eventually('the browser remembers the upload', async () => (await known()) === 1);
  assert.equal(await other.getByTestId('interrupted-upload').count(), 0);
  await page.goto('about:blank');
  line.cut();
  line.release();
  await other.reload();
  await other.getByRole('button', { name: 'Give up the upload of Given up.mp4' }).click();
  await other.getByTestId('interrupted-upload').waitFor({ state: 'detached' });
  assert.equal(await known(), 0);
});

test('a lost network is said and waited for', async () => {
  const { path, bytes } = await makeFile('Lost network.mp4');
  await chooseAndHold(path);
  await page.context().setOffline(true);
  line.cut();
  await row.filter({ hasText: 'Waiting for the network' }).waitFor();
  await saveScreenshot(page, 'upload-offline');
  line.release();
  await page.context().setOffline(false);
  await assertDone(bytes);
  assertWentOn();
});

test('a cancelled upload is forgotten by the server', async () => {
  const { path } = await makeFile('Cancelled.mp4');
  const created = page.waitForResponse((answer) => answer.request().method() === 'POST' && answer.status() === 201);
  await chooseAndHold(path);
  const upload = new URL((await created).headers().location ?? '', server.url);
  await page.getByRole('button', { name: /^Cancel the upload/ }).click();
  await row.waitFor({ state: 'detached' });
  line.cut();
  line.release();
  await eventually('the upload is gone', async () => {
    const { status } = await fetch(upload, { method: 'HEAD', headers: { 'Tus-Resumable': '1.0.0' } });
    return status === 404 || status === 410;
  });
});
