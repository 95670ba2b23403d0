import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { freePort, listenOn } from '../lib/listen.ts';
import { claimInstance, findInstance } from './instance.ts';

const URL = 'http://localhost:8080';
const DEADLINE_MS = 60_000;

async function withFolder(work: (data: string) => Promise<void>): Promise<void> {
  const data = await mkdtemp(join(tmpdir(), 'millrace-claim-'));
  try {
    await work(data);
  } finally {
    await rm(data, { recursive: true, force: true });
  }
}

/** A process that claims the folder and lives for as long as something keeps it alive. */
function claimElsewhere(data: string) {
  const script = `
    const { claimInstance } = await import(${JSON.stringify(join(import.meta.dirname, 'instance.ts'))});
    await claimInstance(${JSON.stringify(data)}, ${JSON.stringify(URL)}, () => undefined).catch(console.error);`;
  const args = ['--input-type=module', '-e', script];
  return spawnSync(process.execPath, args, { encoding: 'utf8', timeout: DEADLINE_MS });
}

test('a process whose claim fails ends', () =>
  withFolder(async (data) => {
    // Nobody can make a file there.
    await symlink('/proc', join(data, 'run'));
    const { status, stderr } = claimElsewhere(data);
    assert.equal(status, 0);
    assert.match(stderr, /ENOENT/);
  }));

/** What an instance left that was killed: nobody listens there any more. */
const leave = async (data: string, changed: object = {}): Promise<void> => {
  const left = {
    pid: process.pid,
    controlUrl: `http://127.0.0.1:${await freePort()}`,
    token: 'old',
    url: URL,
    ...changed,
  };
  await mkdir(join(data, 'run'), { recursive: true });
  await writeFile(fileOf(data), JSON.stringify(left));
};

const fileOf = (data: string): string => join(data, 'run', 'instance.json');
const claim = (data: string) => claimInstance(data, URL, () => undefined);

test('of two starts that find what a killed instance left, one wins', () =>
  withFolder(async (data) => {
    for (let round = 0; round < 50; round++) {
      await leave(data);
      const claims = await Promise.all([claim(data), claim(data)]);
      const [won, ...others] = claims.filter((claimed) => claimed !== undefined);
      assert.deepEqual([others, (await findInstance(data))?.url], [[], URL], `round ${round}`);
      await won?.release();
      assert.deepEqual(await readdir(join(data, 'run')), []);
    }
  }));

test('a file that a power loss cut off is dropped like that of a killed instance', () =>
  withFolder(async (data) => {
    await mkdir(join(data, 'run'));
    await writeFile(fileOf(data), '');
    assert.equal(await findInstance(data), undefined);
    const claimed = await claim(data);
    assert.ok(await findInstance(data));
    await claimed?.release();
  }));

test('an instance that does not answer is not taken for dead', () =>
  withFolder(async (data) => {
    const frozen = createServer();
    try {
      await leave(data, { controlUrl: await listenOn(frozen, 0, '127.0.0.1') });
      const before = await readFile(fileOf(data), 'utf8');
      assert.equal(await claim(data), undefined);
      assert.equal(await readFile(fileOf(data), 'utf8'), before);
    } finally {
      frozen.close();
    }
  }));

test('a claim that is released leaves the file of another one alone', () =>
  withFolder(async (data) => {
    const first = await claim(data);
    await rm(fileOf(data));
    const second = await claim(data);
    await first?.release();
    assert.ok(await findInstance(data));
    await second?.release();
    assert.equal(await findInstance(data), undefined);
  }));
