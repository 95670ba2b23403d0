import assert from 'node:assert/strict';
import { closeSync, ftruncateSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openLogFile, watchLogSizes } from './log-files.ts';

const FULL_BYTES = 64 * 1024 * 1024;

test('a log that is full moves aside; one that cannot is left, and said', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-logs-'));
  const path = join(folder, 'edge-1.jsonl');
  try {
    const fd = openLogFile(folder, 'edge-1.jsonl');
    ftruncateSync(fd, FULL_BYTES);
    closeSync(fd);
    const causes: unknown[] = [];
    const watch = (): void => watchLogSizes(folder, (cause) => causes.push(cause))();
    mkdirSync(`${path}.1`);
    watch();
    assert.equal(causes.length, 1);
    assert.equal(statSync(path).size, FULL_BYTES);
    rmSync(`${path}.1`, { recursive: true });
    watch();
    assert.equal(causes.length, 1);
    assert.deepEqual([statSync(path).size, statSync(`${path}.1`).size], [0, FULL_BYTES]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
