import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import { openBrowser } from '../support/browser.ts';
import { Instance } from '../support/instance.ts';
import { makeClip } from '../support/media.ts';

/** A whole platform that other machines may reach, since it has keys. */
const CLI = resolve(import.meta.dirname, '../../src/main/cli.ts');
const KEY = 'a-key-of-this-test';
const DEADLINE_MS = 60_000;

let instance: Instance;
let browser: Browser;
let folder: string;
let clip: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-keys-'));
  clip = join(folder, 'Harbour.mp4');
  await makeClip(clip, { seconds: 2, rate: '25' });
  instance = await Instance.start({
    MILLRACE_HOST: '0.0.0.0',
    MILLRACE_API_KEYS: `another-key-of-this-test,${KEY}`,
    MILLRACE_WORKERS: '0',
    MILLRACE_EDGES: '1',
  });
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await instance?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const command = (settings: NodeJS.ProcessEnv, ...args: string[]): Promise<{ stdout: string }> => {
  const env = { PATH: process.env.PATH, HOME: folder, ...settings };
  return promisify(execFile)(process.execPath, [CLI, ...args, '--url', instance.url], { env, timeout: DEADLINE_MS });
};

test('commands are let in by the key of their environment, and say so when they have none', async () => {
  await command({ MILLRACE_API_KEY: KEY }, 'upload', clip);
  const { stdout } = await command({ MILLRACE_API_KEY: KEY }, 'jobs');
  assert.match(stdout, /Harbour/);
  await assert.rejects(command({}, 'jobs'), { code: 1, stderr: 'millrace: A valid token is needed.\n' });
  await assert.rejects(command({}, 'upload', clip), { code: 1 });
});

test('a browser asks for the key once, and then its uploads and event streams carry it', async () => {
  const context = await browser.newContext({ httpCredentials: { username: 'me', password: KEY } });
  const page = await context.newPage();
  page.setDefaultTimeout(DEADLINE_MS);
  await page.goto(instance.url);
  await makeClip(join(folder, 'River.mp4'), { seconds: 1, rate: '25' });
  await page.getByTestId('upload-input').setInputFiles(join(folder, 'River.mp4'));
  const row = page.getByTestId('video-row').filter({ hasText: 'River' });
  await row.waitFor();
  const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };
  const list = await fetch(`${instance.url}/videos?q=River`, { headers });
  const { videos } = (await list.json()) as { videos: { id: string; title: string }[] };
  const { id = '' } = videos.find(({ title }) => title === 'River') ?? {};
  // Whoever has only the address sees it, and is asked for nothing.
  const viewer = await browser.newPage();
  viewer.setDefaultTimeout(DEADLINE_MS);
  const answers: number[] = [];
  viewer.on('response', (response) => answers.push(response.status()));
  await viewer.goto(`${instance.url}/watch/${id}`);
  await viewer.getByText('River').first().waitFor();
  assert.ok(!answers.includes(401), String(answers));
  const body = JSON.stringify({ title: 'Estuary' });
  await fetch(`${instance.url}/videos/${id}`, { method: 'PATCH', headers, body });
  await page.getByTestId('video-row').filter({ hasText: 'Estuary' }).waitFor();
  await context.close();
});
