import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { ManualClock } from '../../test/fakes/manual-clock.ts';
import { DomainError } from '../domain/errors.ts';
import type { LentTask } from '../domain/tasks.ts';
import { silentLog } from '../lib/log.ts';
import { keepLease } from './keep-lease.ts';

const LEASE_MS = 120;
const task = { leaseMs: LEASE_MS } as LentTask;
const clock = { nowMs: () => performance.now() };
const log = silentLog<never>();
const DEADLINE_MS = 20_000;

async function until(condition: () => boolean): Promise<void> {
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  while (!condition()) await delay(5, undefined, { signal: deadline });
}
const abortOf = async (signal: AbortSignal): Promise<unknown> => {
  if (!signal.aborted) await once(signal, 'abort', { signal: AbortSignal.timeout(DEADLINE_MS) });
  return signal.reason;
};

test('a lease is renewed again and again until it is given up', async () => {
  let renewals = 0;
  const renew = async () => {
    renewals += 1;
  };
  {
    await using lease = keepLease(task, { lender: { renew }, clock, log });
    await until(() => renewals >= 4);
    assert.equal(lease.lost.aborted, false);
  }
  const atEnd = renewals;
  await delay(LEASE_MS);
  assert.equal(renewals, atEnd);
});

test('a lease that the orchestrator gave to another is lost at the next renewal', async () => {
  const renew = async () => {
    throw new DomainError('lease_lost');
  };
  await using lease = keepLease(task, { lender: { renew }, clock, log });
  assert.equal(((await abortOf(lease.lost)) as DomainError).code, 'lease_lost');
});

test('a lease outlives failed renewals, but not its own time', async () => {
  let failures = 0;
  const renew = async () => {
    failures += 1;
    throw new Error('connection refused');
  };
  const startedMs = clock.nowMs();
  await using lease = keepLease(task, { lender: { renew }, clock, log });
  assert.equal(((await abortOf(lease.lost)) as DomainError).code, 'lease_lost');
  assert.ok(clock.nowMs() - startedMs >= LEASE_MS);
  assert.ok(failures >= 2, `${failures} tries`);
});

/** Time that passes only in pauses, and in calls that hang until their deadline. */
function flying() {
  let nowMs = 0;
  let callTimesOut = (): void => {};
  return {
    clock: { nowMs: () => nowMs },
    async wait(ms: number) {
      nowMs += Math.max(0, ms);
    },
    timeout(ms: number) {
      const late = new AbortController();
      callTimesOut = () => {
        nowMs += ms;
        late.abort(new Error('no answer'));
      };
      return late.signal;
    },
    async hang(_: LentTask, signal: AbortSignal) {
      callTimesOut();
      signal.throwIfAborted();
    },
  };
}

test('a lease whose renewals are never answered is lost at its end', async () => {
  const { hang, ...time } = flying();
  await using lease = keepLease(task, { lender: { renew: hang }, log, ...time });
  assert.equal(((await abortOf(lease.lost)) as DomainError).code, 'lease_lost');
  assert.equal(time.clock.nowMs(), LEASE_MS);
});

test('a lease that ends between two renewals is lost at its end, however long a renewal takes', async () => {
  const { hang, ...time } = flying();
  let renewedAtMs: number | undefined;
  const renew = async (...call: Parameters<typeof hang>) => {
    if (renewedAtMs !== undefined) return hang(...call);
    renewedAtMs = time.clock.nowMs();
  };
  await using lease = keepLease(task, { lender: { renew }, log, ...time });
  await abortOf(lease.lost);
  assert.equal(time.clock.nowMs(), renewedAtMs! + LEASE_MS);
});

test('the orchestrator can end a lease at any moment', async () => {
  await using lease = keepLease(task, { lender: { renew: async () => undefined }, clock, log });
  lease.assertHeld();
  lease.end();
  assert.equal(lease.lost.aborted, true);
  assert.throws(() => lease.assertHeld(), { code: 'lease_lost' });
});

test('who was frozen finds out before the first write that its time is over', async () => {
  const manual = new ManualClock();
  const renew = async () => undefined;
  await using lease = keepLease({ leaseMs: 60_000 } as LentTask, { lender: { renew }, clock: manual, log });
  manual.advance(59_999);
  lease.assertHeld();
  manual.advance(1);
  assert.throws(() => lease.assertHeld(), { code: 'lease_lost' });
  assert.equal(lease.lost.aborted, true);
});

test('a lease whose time was over while the process was frozen is not asked for again', async () => {
  const manual = new ManualClock();
  let renewals = 0;
  const renew = async () => {
    renewals += 1;
  };
  await using lease = keepLease(task, { lender: { renew }, clock: manual, log });
  manual.advance(LEASE_MS);
  await abortOf(lease.lost);
  assert.equal(renewals, 0);
});

test('whatever the answers, a lease is held for as long as the last one granted, and no longer', async () => {
  const answers = fc.array(fc.constantFrom('granted', 'failed', 'refused'), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(answers, async (script) => {
      const time = { nowMs: 0, heldUntilMs: LEASE_MS };
      const left = [...script];
      let lateAsks = 0;
      const renew = async () => {
        const answer = left.shift() ?? 'failed';
        if (time.nowMs >= time.heldUntilMs) lateAsks += 1;
        if (answer === 'refused') throw new DomainError('lease_lost');
        if (answer === 'failed') throw new Error('connection refused');
        time.heldUntilMs = time.nowMs + LEASE_MS;
      };
      const pass = async (ms: number): Promise<void> => {
        time.nowMs += Math.max(1, ms);
      };
      await using lease = keepLease(task, { lender: { renew }, clock: { nowMs: () => time.nowMs }, log, wait: pass });
      await abortOf(lease.lost);
      const wasRefused = script.slice(0, script.length - left.length).includes('refused');
      assert.equal(lateAsks, 0);
      if (wasRefused) assert.ok(time.nowMs < time.heldUntilMs);
      else assert.ok(time.nowMs >= time.heldUntilMs && time.nowMs <= time.heldUntilMs + 1, `lost at ${time.nowMs}`);
    }),
    { numRuns: 200 },
  );
});
