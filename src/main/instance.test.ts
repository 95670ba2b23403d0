import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

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
