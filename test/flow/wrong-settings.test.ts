import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { freePort } from '../../src/lib/listen.ts';
import { aliveProcesses } from '../support/processes.ts';

/** Trouble is said at the start, in one line that names the setting, and nothing is left running. */
const CLI = resolve(import.meta.dirname, '../../src/main/cli.ts');
const DEADLINE_MS = 120_000;

const KEYS = { MILLRACE_STORE_ACCESS_KEY: 'someone', MILLRACE_STORE_SECRET_KEY: 'not-to-be-told' };
const deadEndpoint = `http://127.0.0.1:${await freePort()}`;

const CASES: readonly { name: string; settings: NodeJS.ProcessEnv; says: RegExp }[] = [
  {
    name: 'an S3 endpoint where nothing answers',
    settings: { MILLRACE_STORE: `s3://videos?endpoint=${deadEndpoint}`, ...KEYS },
    says: /^millrace: MILLRACE_STORE: .*127\.0\.0\.1/,
  },
  {
    name: 'a store of no known kind',
    settings: { MILLRACE_STORE: 'ftp://videos' },
    says: /^millrace: MILLRACE_STORE: must start with file: or s3:\/\//,
  },
  {
    name: 'a folder that cannot be written',
    settings: { MILLRACE_STORE: 'file:/dev/null/objects' },
    says: /^millrace: MILLRACE_STORE: .*\/dev\/null/,
  },
  {
    name: 'a port that is no number',
    settings: { MILLRACE_PORT: 'http' },
    says: /^millrace: MILLRACE_PORT: /,
  },
  {
    name: 'an address that is not loopback',
    settings: { MILLRACE_HOST: '0.0.0.0' },
    says: /^millrace: MILLRACE_HOST: .*API keys/,
  },
];

for (const { name, settings, says } of CASES) {
  test(`${name} stops the start with one line`, async () => {
    const data = await mkdtemp(join(tmpdir(), 'millrace-wrong-'));
    try {
      const { PATH, HOME } = process.env;
      const env = { PATH, HOME, MILLRACE_DATA: data, MILLRACE_PORT: String(await freePort()), ...settings };
      const start = promisify(execFile)(process.execPath, [CLI, 'up'], { env, timeout: DEADLINE_MS });
      const failure = await start.then(
        () => assert.fail('it started'),
        (error: { code: number; stderr: string }) => error,
      );
      assert.equal(failure.code, 1);
      assert.match(failure.stderr, says);
      assert.equal(failure.stderr.trim().split('\n').length, 1, failure.stderr);
      assert.doesNotMatch(failure.stderr, /not-to-be-told/);
      assert.deepEqual(await aliveProcesses(data), []);
    } finally {
      await rm(data, { recursive: true, force: true });
    }
  });
}
