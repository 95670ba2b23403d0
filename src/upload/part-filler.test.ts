import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { ManualClock } from '../../test/fakes/manual-clock.ts';
import { eventually } from '../../test/support/eventually.ts';
import { DomainError } from '../domain/errors.ts';
import { PART_SIZE_BYTES as PART } from '../domain/source.ts';
import { PartFiller } from './part-filler.ts';
import { PartPool } from './part-pool.ts';

const SLOW_MS = 2_000;
const FAST_MS = 900;

function world({ buffers = 2 } = {}) {
  const clock = new ManualClock();
  const pool = new PartPool({ memoryBytes: buffers * PART, clock });
  const open = () => {
    const stored: Buffer[] = [];
    const parked: Buffer[] = [];
    const filler = new PartFiller({
      pool,
      storePart: async (part) => void stored.push(Buffer.from(part)),
      parking: { save: async (bytes) => void parked.push(Buffer.from(bytes)), load: async () => parked.at(-1)! },
    });
    return { filler, stored, parked };
  };
  return { clock, pool, open };
}

test('slow senders give way to one that waits, and lose nothing by it', async () => {
  const { clock, open } = world();
  const slow = [open(), open()];
  const bytes = randomBytes(PART + 10);
  for (const { filler } of slow) await filler.add(bytes.subarray(0, 1000));
  const third = open();
  const adding = third.filler.add(randomBytes(PART));
  clock.advance(SLOW_MS);
  await adding;
  await third.filler.settled();
  assert.equal(slow[0]!.parked.length, 1, 'the one that had its memory longest gives way');
  await third.filler.release();
  for (const { filler, stored } of slow) {
    await filler.add(bytes.subarray(1000));
    await filler.settled();
    assert.ok(Buffer.concat([...stored, await filler.rest()]).equals(bytes));
    await filler.release();
  }
});

test('a sender that is fast enough is not interrupted', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const { clock, open } = world();
  const [first, second, third] = [open(), open(), open()];
  await first.filler.add(randomBytes(10));
  await second.filler.add(randomBytes(10));
  const adding = third.filler.add(randomBytes(10));
  // It waits by now, or the pool would have nothing to look after.
  await new Promise((done) => setImmediate(done));
  clock.advance(FAST_MS);
  t.mock.timers.tick(FAST_MS);
  await first.filler.add(randomBytes(PART - 10));
  await first.filler.settled();
  await first.filler.release();
  await adding;
  assert.deepEqual(
    [first, second].map(({ parked }) => parked.length),
    [0, 0],
  );
});

test('a sender that the pool came upon while its part was being loaded is asked again', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const { clock, pool } = world();
  const poolLooks = (): void => {
    clock.advance(SLOW_MS);
    t.mock.timers.tick(SLOW_MS);
  };
  const [began, loaded] = [Promise.withResolvers<void>(), Promise.withResolvers<Uint8Array>()];
  const load = (): Promise<Uint8Array> => {
    began.resolve();
    return loaded.promise;
  };
  const slow = new PartFiller({ pool, storePart: async () => {}, parking: { save: async () => {}, load } });
  await slow.add(randomBytes(10));
  // The other one is being stored all the while.
  await pool.take();
  const first = pool.take();
  poolLooks();
  const buffer = await first;
  const adding = slow.add(randomBytes(10));
  pool.give(buffer);
  await began.promise;
  const second = pool.take();
  poolLooks();
  loaded.resolve(new Uint8Array(10));
  await adding;
  poolLooks();
  await second;
});

test('many uploads through little memory all arrive whole', async () => {
  const { clock, open } = world();
  const all = Array.from({ length: 6 }, (_, i) => ({ ...open(), bytes: randomBytes(PART + 777 * (i + 1)) }));
  let isOver = false;
  const arriving = Promise.all(
    all.map(async ({ filler, bytes, stored }) => {
      for (let at = 0; at < bytes.length; at += 1_000_000) await filler.add(bytes.subarray(at, at + 1_000_000));
      await filler.settled();
      const whole = Buffer.concat([...stored, await filler.rest()]);
      await filler.release();
      return whole.equals(bytes);
    }),
  ).finally(() => (isOver = true));
  await eventually('all have arrived', () => {
    clock.advance(SLOW_MS);
    return isOver;
  });
  assert.deepEqual(
    await arriving,
    all.map(() => true),
  );
});

test('a part that cannot be parked fails its own upload, and its memory comes back', async () => {
  const { clock, pool } = world();
  const failing = (): PartFiller =>
    new PartFiller({
      pool,
      storePart: async () => {},
      parking: { save: () => Promise.reject(new DomainError('store_unavailable')), load: () => assert.fail() },
    });
  const slow = [failing(), failing()];
  for (const filler of slow) await filler.add(randomBytes(10));
  const third = failing();
  const adding = third.add(randomBytes(10));
  clock.advance(SLOW_MS);
  await eventually('the first was asked to give way', async () =>
    slow[0]!.add(randomBytes(1)).then(
      () => false,
      (error: DomainError) => error.code === 'store_unavailable',
    ),
  );
  await slow[0]!.release();
  await adding;
});
