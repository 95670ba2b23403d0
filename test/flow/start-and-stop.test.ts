import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { freePort } from '../../src/lib/listen.ts';
import { eventually } from '../support/eventually.ts';
import { Instance } from '../support/instance.ts';
import { aliveProcesses } from '../support/processes.ts';

const CLI = resolve(import.meta.dirname, '../../src/main/cli.ts');
const DEADLINE_MS = 120_000;

/** How an instance starts and ends where something is in its way. */
async function withFolder(work: (data: string) => Promise<void>): Promise<void> {
  const data = await mkdtemp(join(tmpdir(), 'millrace test '));
  try {
    await work(data);
  } finally {
    await rm(data, { recursive: true, force: true });
  }
}

async function run(data: string, ...args: string[]) {
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, MILLRACE_DATA: data, MILLRACE_PORT: String(await freePort()) };
  const child = spawn(process.execPath, [CLI, ...args], { env, timeout: DEADLINE_MS, killSignal: 'SIGKILL' });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
  const ended = once(child, 'close').then(([code]) => ({ code, output }));
  return { child, ended };
}

test('an instance none of whose logs can be written starts, repairs itself, and stops', () =>
  withFolder(async (data) => {
    const logs = join(data, 'logs');
    await mkdir(logs);
    const names = ['up', 'orchestrator', 'public', 'worker-1', 'edge-1'].map((name) => `${name}.jsonl`);
    for (const name of [...names, 'postgres.log']) await symlink('/dev/full', join(logs, name));
    const instance = await Instance.startOn(data, { MILLRACE_WORKERS: '1', MILLRACE_EDGES: '1' });
    const postgresPid = async () =>
      (await readFile(join(data, 'postgres/cluster/postmaster.pid'), 'utf8').catch(() => '')).split('\n')[0];
    const first = await postgresPid();
    process.kill(Number(first), 'SIGKILL');
    await eventually('PostgreSQL runs again', async () => !['', first].includes(await postgresPid()));
    await eventually('the instance is healthy', async () => (await fetch(`${instance.url}/health`)).ok);
    await instance.stop();
    assert.deepEqual(await aliveProcesses(data), []);
  }));

test('an instance that is told to stop while it starts ends with nothing left', () =>
  withFolder(async (data) => {
    const { child, ended } = await run(data, 'up');
    await eventually('the cluster is being made', () => existsSync(join(data, 'postgres/cluster.new')));
    child.kill('SIGTERM');
    assert.deepEqual(await ended, { code: 0, output: 'Millrace has stopped.\n' });
    assert.deepEqual(await aliveProcesses(data), []);
  }));

for (const command of [['up'], ['keys', 'list']])
  test(`${command.join(' ')} ends where the logs cannot be opened, and leaves the data folder free`, () =>
    withFolder(async (data) => {
      await writeFile(join(data, 'logs'), 'no folder');
      const { ended } = await run(data, ...command);
      const { code, output } = await ended;
      assert.equal(code, 1, output);
      assert.match(output, /EEXIST/);
      assert.deepEqual(await readdir(join(data, 'run')), []);
    }));
