import assert from 'node:assert/strict';
import { test } from 'node:test';
import { capturedLog } from '../../test/fakes/captured-log.ts';
import { ManualClock } from '../../test/fakes/manual-clock.ts';
import { DomainError } from '../domain/errors.ts';
import type { LentTask, TaskFailure } from '../domain/tasks.ts';
import { giveBack, type SettleDeps, settleDone, settleFailed } from './settle-attempt.ts';

const LEASE_MS = 15_000;
const task = { leaseMs: LEASE_MS } as LentTask;
const held = { task, lost: new AbortController().signal };
const RESULT = { renditions: [] };
const FAILURE: TaskFailure = { code: 'ffmpeg_failed', message: 'exit code 1', cause: 'attempt' };
const refusal = new DomainError('bad_request', 'too long');

/** An orchestrator that fails each call with what a test says; a try takes no time, and pauses fly. */
function fixture(answers: (tries: number) => unknown) {
  const clock = new ManualClock();
  const { log, lines } = capturedLog();
  const state = { tries: 0 };
  const answer = async (): Promise<void> => {
    state.tries += 1;
    const error = answers(state.tries);
    if (error !== undefined) throw error;
  };
  const wait = async (ms: number): Promise<void> => clock.advance(ms);
  const lender = { complete: answer, fail: answer, giveBack: answer };
  const deps: SettleDeps = { lender, clock, log, random: () => 0, wait };
  const startedMs = clock.nowMs();
  const events = (): string[] => lines.map(({ event }) => event);
  return { deps, state, events, tookMs: () => clock.nowMs() - startedMs };
}

test('a result is told again until it is heard', async () => {
  const { deps, state } = fixture((tries) => (tries < 4 ? new Error('connection refused') : undefined));
  assert.equal(await settleDone(held, RESULT, deps), 'done');
  assert.equal(state.tries, 4);
});

test('a result that the orchestrator refuses is told once, and the attempt fails with what it said', async () => {
  const { deps, state } = fixture(() => refusal);
  await assert.rejects(settleDone(held, RESULT, deps), { code: 'result_refused', message: /too long/, cause: refusal });
  assert.equal(state.tries, 1);
});

test('a result that is never taken while renewals are heard is given up within two leases', async () => {
  const { deps, tookMs } = fixture(() => new Error('the orchestrator answered 500'));
  await assert.rejects(settleDone(held, RESULT, deps), { code: 'result_refused', message: /answered 500/ });
  assert.ok(tookMs() > LEASE_MS && tookMs() < 2 * LEASE_MS, `${tookMs()} ms`);
});

test('a failure that is refused, too, is left to the end of the lease', async () => {
  const { deps, state, events } = fixture(() => refusal);
  assert.equal(await settleFailed(held, FAILURE, deps), 'unheard');
  assert.deepEqual([state.tries, events()], [1, ['orchestrator_unreachable']]);
});

test('who stops and is not heard in time says nothing of a lost lease', async () => {
  const { deps, events, tookMs } = fixture(() => new Error('connection refused'));
  assert.equal(await giveBack(held, deps), 'unheard');
  assert.ok(tookMs() < LEASE_MS);
  assert.equal(events().includes('lease_lost'), false);
});

test('a lease that is lost ends the telling, whoever says so', async () => {
  const lostLease = new DomainError('lease_lost');
  const byAnswer = fixture(() => lostLease);
  assert.equal(await settleDone(held, RESULT, byAnswer.deps), 'lost');
  const lost = new AbortController();
  const byNews = fixture(() => {
    lost.abort(lostLease);
    return new Error('connection refused');
  });
  assert.equal(await settleFailed({ task, lost: lost.signal }, FAILURE, byNews.deps), 'lost');
  assert.deepEqual([byAnswer.events(), byNews.events()], [['lease_lost'], ['lease_lost']]);
});
