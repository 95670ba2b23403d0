import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { listenTo } from '../../src/adapters/notifications.ts';
import { JOB_CHANNEL, LEASE_CHANNEL } from '../../src/adapters/wake-ups.ts';
import { eventually } from '../support/eventually.ts';
import { decide, holderOf, JobWorld } from '../support/job-world.ts';

let world: JobWorld;
before(async () => {
  world = await JobWorld.open();
});
after(() => world.close());

test('every orchestrator hears of a new job, and which session has lost what', async () => {
  await using one = await listener();
  await using other = await listener();
  await world.planned(8);
  const held = await world.lend('worker-1');
  await world.control.cancelJob(held.jobId, 'enough');
  const ended = { session: holderOf('worker-1').session, taskId: held.taskId, token: held.token };
  for (const { leases, jobs } of [one, other]) {
    await eventually('the holder is told', () => leases.length > 0);
    assert.deepEqual(JSON.parse(leases[0]!), ended);
    assert.ok(jobs.length > 0);
  }
});

test('a holder is told, too, when its task is taken, and when its video is deleted', async () => {
  await using heard = await listener();
  const taken = await world.probing();
  await world.silence(taken);
  await world.one.takeFromSilent(24 * 3_600_000, decide);
  const deleted = await world.lend('worker-2');
  await world.videos.remove(deleted.videoId);
  await eventually('both are told', () => heard.leases.length === 2);
  assert.deepEqual(
    heard.leases.map((payload) => JSON.parse(payload).token),
    [taken.token, deleted.token],
  );
});

test('a connection that breaks is opened again, and whoever listens is told to look for itself', async () => {
  await using heard = await listener();
  const connections = heard.connections;
  await sql`
    select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen %' and pid <> pg_backend_pid()
  `.execute(world.db);
  await eventually('it is connected again', () => heard.connections > connections);
  assert.ok(heard.errors.length > 0);
  const before = heard.jobs.length;
  await world.uploaded();
  await eventually('it hears again', () => heard.jobs.length > before);
});

async function listener() {
  const [jobs, leases, errors]: [string[], string[], Error[]] = [[], [], []];
  let connections = 0;
  const stop = listenTo(world.url, {
    channels: {
      [JOB_CHANNEL]: (payload) => void jobs.push(payload),
      [LEASE_CHANNEL]: (payload) => void leases.push(payload),
    },
    onConnected() {
      connections += 1;
    },
    onError: (error) => void errors.push(error),
  });
  await eventually('it listens', () => connections > 0);
  return {
    jobs,
    leases,
    errors,
    get connections() {
      return connections;
    },
    [Symbol.asyncDispose]: stop,
  };
}
