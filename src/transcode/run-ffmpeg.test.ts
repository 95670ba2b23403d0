import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { silentLog } from '../lib/log.ts';
import { runTool, type ToolDeps, type ToolRun } from './run-ffmpeg.ts';
import { findSandbox } from './sandbox.ts';

const LAVFI = ['-nostdin', '-hide_banner', '-v', 'error', '-f', 'lavfi'];
/** Never ends by itself, and is slow enough to be met alive. */
const ENDLESS = [...LAVFI, '-re', '-i', 'testsrc2=s=64x48:r=25', '-f', 'rawvideo', 'pipe:3'];
const QUARTER_SECOND = [...LAVFI, '-i', 'testsrc2=s=64x48:r=20', '-frames:v', '5', '-f', 'rawvideo', 'pipe:3'];
const GENEROUS_MS = 120_000;

const deps = async (): Promise<ToolDeps> => ({
  sandbox: await findSandbox(),
  log: silentLog(),
  clock: { nowMs: () => performance.now() },
});
const runOf = (run: Partial<ToolRun>): ToolRun => ({
  program: 'ffmpeg',
  args: ENDLESS,
  readers: [async (output) => void (await buffer(output))],
  deadlineMs: GENEROUS_MS,
  signal: AbortSignal.timeout(GENEROUS_MS),
  ...run,
});
/** Calls back with the first bytes, then reads on for ever. */
const onFirstBytes = (then: () => void) => async (output: Readable) => {
  for await (const _ of output) then();
};

test('a reader gets every byte that the program writes', async () => {
  let bytes = 0;
  const reader = async (output: Readable) => {
    bytes = (await buffer(output)).length;
  };
  await runTool(runOf({ args: QUARTER_SECOND, readers: [reader] }), await deps());
  assert.equal(bytes, (64 * 48 * 3 * 5) / 2);
});

test('an aborted signal ends the program at once, and its reason is what is thrown', async () => {
  const stop = new AbortController();
  const run = runOf({ readers: [onFirstBytes(() => stop.abort(new Error('lease lost')))], signal: stop.signal });
  await assert.rejects(runTool(run, await deps()), /lease lost/);
});

test('a program that is not done by its deadline is ended and named', async () => {
  await assert.rejects(runTool(runOf({ deadlineMs: 300 }), await deps()), { code: 'ffmpeg_deadline' });
});

test('a program that stands still is ended and named, well before its deadline', async () => {
  const started: { pid?: number } = {};
  const real = await deps();
  const log = { ...real.log, debug: (_: string, fields = {}) => void Object.assign(started, fields) };
  const freeze = onFirstBytes(() => process.kill(started.pid!, 'SIGSTOP'));
  await assert.rejects(runTool(runOf({ readers: [freeze] }), { ...real, log, hungMs: 300 }), { code: 'ffmpeg_hung' });
});

test('a program that waits for its reader does not hang', async () => {
  const HUNG_MS = 200;
  let bytes = 0;
  const slow = async (output: Readable) => {
    for await (const piece of output) {
      if (bytes === 0) await delay(3 * HUNG_MS);
      bytes += piece.length;
    }
  };
  const frames = ['-i', 'testsrc2=s=640x480:r=25', '-frames:v', '50', '-f', 'rawvideo', 'pipe:3'];
  await runTool(runOf({ args: [...LAVFI, ...frames], readers: [slow] }), { ...(await deps()), hungMs: HUNG_MS });
  assert.equal(bytes, (640 * 480 * 3 * 50) / 2);
});

test('a program that computes for long before its first byte does not hang', async () => {
  // Nothing is written before the last of the frames, which takes about two seconds of computing.
  const frames = ['-i', 'testsrc2=s=1280x720:r=25', '-vf', "select='eq(n,300)'", '-frames:v', '1'];
  const args = [...LAVFI, ...frames, '-f', 'rawvideo', 'pipe:3'];
  await runTool(runOf({ args }), { ...(await deps()), hungMs: 1_000 });
});

test('a reader that throws ends the program', async () => {
  const reader = async (output: Readable) => {
    for await (const _ of output) throw new Error('not what was planned');
  };
  await assert.rejects(runTool(runOf({ readers: [reader] }), await deps()), /not what was planned/);
});

test('a program that fails is reported with its code and its last words', async () => {
  const args = ['-v', 'error', '-i', 'http://127.0.0.1:1/nothing', '-f', 'null', '-'];
  await assert.rejects(
    runTool(runOf({ args }), await deps()),
    (error: { code: string; exitCode: number; tail: string }) => {
      assert.deepEqual([error.code, error.exitCode], ['ffmpeg_failed', 1]);
      assert.match(error.tail, /Connection refused/);
      return true;
    },
  );
});

test('a program that cannot be started is a failure and not a hang', async () => {
  const real = await deps();
  const missing = { ...real, sandbox: { ...real.sandbox, prefix: ['/no/such/sandbox'] } };
  await assert.rejects(runTool(runOf({}), missing), { code: 'ffmpeg_failed' });
});

test('nothing is started for a signal that aborted before', async () => {
  await assert.rejects(runTool(runOf({ signal: AbortSignal.abort(new Error('too late')) }), await deps()), /too late/);
});

test('the program sees nothing of our environment and runs with the rights that the sandbox left', async () => {
  const { sandbox, ...rest } = await deps();
  process.env.MILLRACE_TEST_SECRET = 'hush';
  const stop = new AbortController();
  let seen: { environment: string; status: string } | undefined;
  const log = { ...rest.log, debug: (_: string, fields = {}) => void Object.assign(started, fields) };
  const started: { pid?: number } = {};
  const reader = async (output: Readable) => {
    for await (const _ of output) {
      const folder = `/proc/${started.pid}`;
      const [environment, status] = await Promise.all([
        readFile(`${folder}/environ`, 'utf8'),
        readFile(`${folder}/status`, 'utf8'),
      ]);
      seen = { environment, status };
      stop.abort(new Error('seen enough'));
    }
  };
  await assert.rejects(runTool(runOf({ readers: [reader], signal: stop.signal }), { ...rest, sandbox, log }), /seen/);
  delete process.env.MILLRACE_TEST_SECRET;
  assert.equal(seen?.environment.includes('MILLRACE'), false);
  if (sandbox.name === 'user') assert.match(seen?.status ?? '', /^Uid:\s+65534\s/m);
  if (sandbox.name !== 'limits' && sandbox.name !== 'none') assert.match(seen?.status ?? '', /^NoNewPrivs:\s+1$/m);
});
