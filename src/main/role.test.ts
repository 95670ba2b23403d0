import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { closedPipe } from '../../test/support/closed-pipe.ts';
import { eventually } from '../../test/support/eventually.ts';
import { freePort } from '../lib/listen.ts';

const CLI = join(import.meta.dirname, 'cli.ts');

test('a role that cannot write its log works, and what it said comes out once it can', async () => {
  using pipe = closedPipe();
  const data = await mkdtemp(join(tmpdir(), 'millrace-role-'));
  const port = String(await freePort());
  const env = { ...process.env, MILLRACE_DATA: data, MILLRACE_PORT: port, MILLRACE_SECRET: 'x'.repeat(32) };
  const edge = spawn(process.execPath, [CLI, 'edge'], { env, stdio: ['ignore', pipe.fd, 'inherit'] });
  try {
    await eventually('it is healthy', () =>
      fetch(`http://127.0.0.1:${port}/health`).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
    pipe.open();
    await eventually('its lines come', () => pipe.lines.some((line) => JSON.parse(line).event === 'role_started'));
  } finally {
    const ended = once(edge, 'exit');
    edge.kill();
    assert.deepEqual(await ended, [0, null]);
    await rm(data, { recursive: true, force: true });
  }
});
