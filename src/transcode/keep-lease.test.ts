import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
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

test('a lease is lost in time where renewals are never answered', async () => {
  const renew = (_: LentTask, signal: AbortSignal) =>
    new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
  await using lease = keepLease(task, { lender: { renew }, clock, log });
  assert.equal(((await abortOf(lease.lost)) as DomainError).code, 'lease_lost');
});
