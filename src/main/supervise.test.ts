import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { capturedLog } from '../../test/fakes/captured-log.ts';
import { ManualClock } from '../../test/fakes/manual-clock.ts';
import { eventually } from '../../test/support/eventually.ts';
import { logTo } from './parts.ts';
import { type ChildSpec, supervise } from './supervise.ts';

/** Real processes start slowly on a busy machine. */
const DEADLINE_MS = 60_000;
const STAYS = 'setInterval(() => {}, 1000)';

function fixture(script: string, program = process.execPath) {
  const { log, lines } = capturedLog();
  const children: ChildProcess[] = [];
  const spec: ChildSpec = {
    name: 'worker-1',
    spawn() {
      const child = spawn(program, ['-e', script], { stdio: 'ignore' });
      children.push(child);
      return child;
    },
    ready: async () => {},
    stopSignal: 'SIGTERM',
  };
  return { spec, log, lines, children, clock: new ManualClock() };
}

test('a child that was killed is started again, and stop ends it for good', async () => {
  const { spec, log, lines, children, clock } = fixture(STAYS);
  const supervised = supervise(spec, log, () => clock.nowMs());
  await once(children[0]!, 'spawn');
  children[0]!.kill('SIGKILL');
  await eventually('the child was started again', () => children.length === 2, DEADLINE_MS);
  await supervised.stop();
  assert.notEqual(children[1]!.signalCode ?? children[1]!.exitCode, null);
  assert.equal(children.length, 2);
  const exits = lines.filter(({ event }) => event === 'child_exited');
  assert.deepEqual(
    exits.map(({ level, expected, signal }) => [level, expected, signal]),
    [
      ['warn', false, 'SIGKILL'],
      ['info', true, 'SIGTERM'],
    ],
  );
});

test('a child that ends again and again is started less and less often, but never given up', async () => {
  const { spec, log, children, clock } = fixture('process.exit(3)');
  const pauses: number[] = [];
  const pause = async (ms: number): Promise<void> => void pauses.push(ms);
  const supervised = supervise(spec, log, () => clock.nowMs(), pause);
  await eventually('there were eight restarts', () => children.length > 8, DEADLINE_MS);
  await supervised.stop();
  assert.deepEqual(pauses.slice(0, 8), [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
});

test('a child that lived for a while is started again at once when it ends', async () => {
  const { spec, log, children, clock } = fixture('process.exit(3)');
  const pauses: number[] = [];
  const pause = async (ms: number): Promise<void> => {
    pauses.push(ms);
    // The next child is told apart by a clock that moves on while it lives.
    if (pauses.length === 3) void setImmediate().then(() => clock.advance(10_001));
  };
  const supervised = supervise(spec, log, () => clock.nowMs(), pause);
  await eventually('there were five restarts', () => children.length > 5, DEADLINE_MS);
  await supervised.stop();
  assert.deepEqual(pauses.slice(0, 5), [100, 200, 400, 100, 200]);
});

test('a child is started again also while nothing can be logged', async () => {
  const { spec, children, clock } = fixture(STAYS);
  // Left open: what could not be written is tried again and again, and must not go to a file of that number.
  const full = openSync('/dev/full', 'w');
  const supervised = supervise(spec, logTo({ fd: full, role: 'up', node: 'up' }), () => clock.nowMs());
  await once(children[0]!, 'spawn');
  children[0]!.kill('SIGKILL');
  await eventually('the child was started again', () => children.length === 2, DEADLINE_MS);
  await supervised.stop();
});

test('a program that cannot be started is tried again like one that ends, and stop still ends it', async () => {
  const { spec, log, lines, children, clock } = fixture('', '/nowhere/to/be/found');
  const supervised = supervise(
    spec,
    log,
    () => clock.nowMs(),
    () => setImmediate(),
  );
  await eventually('it was tried three times', () => children.length >= 3, DEADLINE_MS);
  await supervised.stop();
  assert.ok(lines.filter(({ event }) => event === 'child_exited').length >= 3);
});

test('a stop that comes during the pause starts nothing any more', async () => {
  const { spec, log, children, clock } = fixture('process.exit(3)');
  const paused = Promise.withResolvers<void>();
  const pause = (_: number, signal: AbortSignal): Promise<never> => {
    paused.resolve();
    return new Promise((_done, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  };
  const supervised = supervise(spec, log, () => clock.nowMs(), pause);
  await paused.promise;
  await supervised.stop();
  assert.equal(children.length, 1);
});
