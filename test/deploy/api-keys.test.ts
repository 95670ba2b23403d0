import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import { parseConfig } from '../../src/main/config.ts';
import { workerToken } from '../../src/main/parts.ts';
import { openBrowser } from '../support/browser.ts';
import { eventually } from '../support/eventually.ts';
import { Instance } from '../support/instance.ts';
import { makeClip } from '../support/media.ts';

/** A whole platform that other machines may reach, since it has keys. */
const CLI = resolve(import.meta.dirname, '../../src/main/cli.ts');
const KEY = 'a-key-of-this-test';
const SECRET = 'the secret of this test';
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
    MILLRACE_SECRET: SECRET,
    MILLRACE_LOG_LEVEL: 'debug',
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

/** Made by the test below, and searched for in logs by the last one. */
let made = '';

test('a key of `millrace keys` reaches as far as its scope, is never listed itself, and stops once it is revoked', async () => {
  made = (await instance.command('keys', 'create', '--name', 'Player page', '--scope', 'read')).trim();
  assert.match(made, /^millrace_[\w-]{43}$/);
  const ask = async (method: string) => {
    const headers = { authorization: `Bearer ${made}`, 'content-type': 'application/json' };
    const body = method === 'POST' ? '{}' : null;
    const answer = await fetch(`${instance.url}/videos`, { method, headers, body });
    return [answer.status, ((await answer.json()) as { code?: string }).code];
  };
  await eventually('the key is known', async () => (await ask('GET'))[0] === 200);
  assert.deepEqual(await ask('POST'), [403, 'scope_needed']);
  const list = await instance.command('keys', 'list');
  const [, id = ''] = /^(\w{8}) {2}read {3}valid .*Player page$/m.exec(list) ?? [];
  assert.ok(!list.includes(made.slice(-20)), list);
  assert.match(await instance.command('keys', 'revoke', id), /is revoked/);
  await eventually('it opens nothing', async () => (await ask('GET'))[0] === 401);
  assert.match(await instance.command('keys', 'list'), /read {3}revoked/);
  for (const args of [
    ['create', '--name', 'x', '--scope', 'all'],
    ['revoke', 'ffffffff-ffff'],
    ['revoke', ''],
    ['lose'],
  ])
    await assert.rejects(instance.command('keys', ...args), {
      code: 1,
      stderr: /^millrace: (--scope|There is no key|revoke takes an id|usage)/,
    });
});

/** Everything that any process of the instance wrote. */
async function allLogs(): Promise<string> {
  const logs = join(instance.data, 'logs');
  const texts = await Promise.all((await readdir(logs)).map((name) => readFile(join(logs, name), 'utf8')));
  return [instance.output, ...texts].join('\n');
}

test('no log line of any role holds a secret, whether it was right or wrong', async () => {
  const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };
  const post = (path: string, body: unknown, more = {}) =>
    fetch(instance.url + path, { method: 'POST', headers: { ...headers, ...more }, body: JSON.stringify(body) });
  const webhookSecret = randomBytes(32).toString('base64');
  const webhook = { url: 'https://receiver.invalid/hook?key=a-key-in-the-address', secret: `whsec_${webhookSecret}` };
  assert.equal((await post('/webhooks', webhook)).status, 201);
  assert.equal((await post('/webhooks', { ...webhook, secret: 'whsec_a-secret-that-is-refused' })).status, 400);
  assert.equal((await post('/videos', { url: 'https://source.invalid/a.mp4?sig=a-signed-address' })).status, 202);
  assert.equal((await post('/videos', {}, { authorization: 'Bearer a-key-that-is-wrong' })).status, 401);
  const { videos } = (await (await fetch(`${instance.url}/videos?q=Harbour`, { headers })).json()) as {
    videos: { id: string }[];
  };
  const id = videos[0]?.id ?? '';
  const { token } = (await (await post(`/videos/${id}/tokens`, {})).json()) as { token: string };
  await fetch(`${instance.url}/play/${id}/index.m3u8?token=${token}`);
  await fetch(`${instance.url}/videos/${id}`, { method: 'DELETE', headers });
  await eventually('the webhook and the source were asked for', async () => {
    const logs = await allLogs();
    return logs.includes('"webhook_failed"') && logs.includes('"ingest_postponed"');
  });
  const password = (await readFile(join(instance.data, 'postgres', 'password'), 'utf8')).trim();
  const secrets = {
    key: KEY,
    keyAsPassword: Buffer.from(`me:${KEY}`).toString('base64'),
    otherKey: 'another-key-of-this-test',
    madeKey: made,
    wrongKey: 'a-key-that-is-wrong',
    secret: SECRET,
    workerToken: workerToken(parseConfig({ MILLRACE_SECRET: SECRET })),
    password,
    webhookSecret,
    refusedSecret: 'a-secret-that-is-refused',
    receiver: 'a-key-in-the-address',
    source: 'a-signed-address',
    playback: token,
  };
  const logs = await allLogs();
  for (const [name, text] of Object.entries(secrets)) {
    assert.ok(text.length >= 10, name);
    assert.ok(!logs.includes(text), `${name} is in a log`);
  }
});
