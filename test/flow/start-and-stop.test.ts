import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { Instance } from '../support/instance.ts';
import { aliveProcesses } from '../support/processes.ts';

/** How an instance starts and ends where something is in its way. */
async function withFolder(work: (data: string) => Promise<void>): Promise<void> {
  const data = await mkdtemp(join(tmpdir(), 'millrace test '));
  try {
    await work(data);
  } finally {
    await rm(data, { recursive: true, force: true });
  }
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
