import assert from 'node:assert/strict';
import { test } from 'node:test';
import { capturedLog } from '../../test/fakes/captured-log.ts';
import { ManualClock } from '../../test/fakes/manual-clock.ts';
import { MemoryObjectStore } from '../../test/fakes/memory-object-store.ts';
import { eventually } from '../../test/support/eventually.ts';
import { DomainError } from '../domain/errors.ts';
import { Bell } from '../lib/bell.ts';
import { retryPolicy } from './retry-policy.ts';
import { type RunDeps, runOrchestrator } from './run-orchestrator.ts';

type Records = RunDeps['records'] & RunDeps['growth'] & RunDeps['due'] & RunDeps['retired'] & RunDeps['about'];

/** Counts how often each question is put to it. */
function awayDatabase() {
  const asked = new Map<PropertyKey, number>();
  const timesAsked = (name: PropertyKey): number => asked.get(name) ?? 0;
  const ask = (name: PropertyKey) => async (): Promise<never> => {
    asked.set(name, timesAsked(name) + 1);
    throw new DomainError('database_unavailable');
  };
  return { records: new Proxy({}, { get: (_, name) => ask(name) }) as Records, timesAsked };
}

test('an outage of the database is told once by all that an orchestrator does, and again after a while', async () => {
  const { records, timesAsked } = awayDatabase();
  const { log, lines } = capturedLog();
  const clock = new ManualClock();
  const [work, own, growthBell] = [new Bell(), new Bell(), new Bell()];
  const stopping = new AbortController();
  const running = runOrchestrator(
    {
      ...{ records, growth: records, due: records, retired: records, about: records, store: new MemoryObjectStore() },
      ...{ line: { lendRound: async () => false, failAll() {} }, workers: { run: async () => {} } },
      ...{ decide: retryPolicy(() => 1), bells: { work, own }, growthBell, clock, log },
      self: { worker: 'orchestrator', session: 's', memoryMib: 1, encoders: [] },
      ...{ leaseMs: 15_000, reconcileMs: 60_000 },
    },
    stopping.signal,
  );
  const askedAgain = (name: string): Promise<void> => {
    const before = timesAsked(name);
    return eventually(`${name} is asked again`, () => {
      for (const bell of [own, growthBell]) bell.ring();
      return timesAsked(name) > before + 1;
    });
  };
  // What starts, publishes and grows.
  for (const name of ['startQueuedJobs', 'lend', 'claim']) await askedAgain(name);
  assert.deepEqual(
    lines.map((line) => line.event),
    ['queue_error'],
  );
  clock.advance(5_000);
  await askedAgain('claim');
  assert.equal(lines.length, 2);
  stopping.abort();
  await running;
});
