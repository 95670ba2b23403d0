import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { allKilled } from '../../prove/failures/all-killed.ts';
import { databaseRestarted, orchestratorKilled } from '../../prove/failures/control-lost.ts';
import { demonstrate } from '../../prove/failures/demonstrate.ts';
import type { Measures } from '../../prove/failures/measures.ts';
import { Platform } from '../../prove/failures/platform.ts';
import { diskFull, storeAway } from '../../prove/failures/store-lost.ts';
import { wrongInLine } from '../support/wrong-in-line.ts';

/**
 * What `npm run demo:failures` shows, with less to wait for: the same code, on real processes and real ffmpeg. It shows
 * five more, of which its table names the tests that held them before.
 */
const SHORT: Measures = {
  settings: { MILLRACE_LEASE_SECONDS: '5', MILLRACE_RECONCILE_SECONDS: '2', MILLRACE_LADDER: 'standard' },
  leaseMs: 5_000,
  // Less is encoded on a quick machine before anybody can be caught at it.
  clipSeconds: 36,
  watchedSeconds: 24,
  storeAwayMs: 4_000,
  diskFullMs: 2_000,
  pace: 2,
};

let folder: string;
let platform: Platform;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-failures-'));
  platform = await Platform.start(folder, SHORT);
});
after(async () => {
  await platform?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

for (const scenario of [orchestratorKilled, databaseRestarted, storeAway, diskFull, allKilled])
  test(`${scenario.name}: all is well again by itself, and the log explains it`, async (context) => {
    const { shown, lines, wrong } = await demonstrate(scenario, platform);
    context.diagnostic(`${shown?.recoveryMs} ms until ${shown?.until}`);
    assert.deepEqual(wrong, []);
    assert.deepEqual(lines.flatMap(wrongInLine), []);
  });
