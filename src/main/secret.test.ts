import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseConfig } from './config.ts';
import { keepSecret } from './secret.ts';

async function withFolder(work: (data: string) => Promise<void>): Promise<void> {
  const data = await mkdtemp(join(tmpdir(), 'millrace-secret-'));
  try {
    await work(data);
  } finally {
    await rm(data, { recursive: true, force: true });
  }
}

test('a secret is made once, for its owner alone', () =>
  withFolder(async (data) => {
    const made = await keepSecret(parseConfig({}), data);
    assert.match(made, /^[0-9a-f]{64}$/);
    assert.equal(await keepSecret(parseConfig({}), data), made);
    assert.deepEqual(await readdir(data), ['secret']);
    assert.equal((await stat(join(data, 'secret'))).mode & 0o777, 0o600);
  }));

test('an empty file, left by a disk that was full, is no secret: one is made', () =>
  withFolder(async (data) => {
    await writeFile(join(data, 'secret'), '');
    const made = await keepSecret(parseConfig({}), data);
    assert.match(made, /^[0-9a-f]{64}$/);
    assert.equal(await keepSecret(parseConfig({}), data), made);
  }));
