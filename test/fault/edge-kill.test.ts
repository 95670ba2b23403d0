import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { after, before, type TestContext, test } from 'node:test';
import { publishVideo, VIDEO } from '../fakes/playable-video.ts';
import { type EdgeFleet, startFleet } from '../support/edge-fleet.ts';
import { eventually } from '../support/eventually.ts';
import { type Chance, seededChance } from './seeded-random.ts';

/** Real edges that are killed and frozen while a client of the router is in the middle of a segment. */
const SEGMENT = 'g1/v360/000000.m4s';
/** More than all kernel buffers on the way hold, so that an edge that dies early really owes bytes. */
const BYTES = Buffer.alloc(48 * 1024 * 1024);
for (let i = 0; i < BYTES.length; i += 4) BYTES.writeUInt32LE(Math.imul(i, 2654435761) >>> 0, i);
/** What a client has read when its edge goes. */
const MOST_READ = 4 * 1024 * 1024;

let fleet: EdgeFleet;
before(async () => {
  fleet = await startFleet({ edges: 3, publish: (store) => publishVideo(store, VIDEO, BYTES) });
});
after(async () => {
  await fleet?.[Symbol.asyncDispose]();
});

type Reading = { readonly response: IncomingMessage; readonly edge: string; readonly rest: () => Promise<string> };

/** Begins a session's segment and stops reading after so many bytes. */
async function readUpTo(bytes: number, headers: Record<string, string> = {}): Promise<Reading> {
  const response = await fleet.open(`${await fleet.startSession()}/${SEGMENT}`, headers);
  const hash = createHash('sha256');
  let count = 0;
  const add = (chunk: Buffer): void => {
    hash.update(chunk);
    count += chunk.length;
  };
  for (let chunk = response.read(); count <= bytes; chunk = response.read()) {
    if (chunk) add(chunk);
    else await new Promise((done) => response.once('readable', done));
  }
  const rest = async (): Promise<string> => {
    for await (const chunk of response) add(chunk);
    return `${hash.digest('hex')} ${count}`;
  };
  return { response, edge: String(response.headers['x-served-by']), rest };
}

const signature = (bytes: Buffer): string => `${createHash('sha256').update(bytes).digest('hex')} ${bytes.length}`;

function someRange(chance: Chance): { headers: Record<string, string>; expected: string } {
  if (chance.next() < 0.5) return { headers: {}, expected: signature(BYTES) };
  const [first, last] = [chance.between(0, 5_000_000), BYTES.length - 1 - chance.between(0, 5_000_000)];
  return { headers: { range: `bytes=${first}-${last}` }, expected: signature(BYTES.subarray(first, last + 1)) };
}

const reassigned = () => fleet.lines.filter(({ event }) => event === 'session_reassigned');

/** Once: kills or freezes the edge of a reading in its middle, and holds what the client got against the truth. */
async function breakOff(how: 'kill' | 'freeze', chance: Chance): Promise<void> {
  await fleet.allHealthy();
  const { headers, expected } = someRange(chance);
  const before = reassigned().length;
  const reading = await readUpTo(chance.between(0, MOST_READ), headers);
  const edge = fleet.edge(reading.edge);
  if (how === 'kill') await edge.kill();
  else edge.freeze();
  assert.equal(await reading.rest(), expected);
  const [move] = reassigned().slice(before);
  assert.equal(move?.from, edge.name);
  assert.equal(move?.reason, how === 'kill' ? 'reset' : 'stalled');
  assert.ok(Number(move?.bytes) > 0);
  edge.thaw();
  await edge.up();
}

for (const { how, runs } of [
  { how: 'kill', runs: 20 },
  { how: 'freeze', runs: 5 },
] as const) {
  test(`after a ${how} in the middle of a segment the client has every byte, ${runs} times`, async (context: TestContext) => {
    for (let run = 0; run < runs; run++) {
      const seed = Math.floor(Math.random() * 2 ** 32);
      context.diagnostic(`seed ${seed}`);
      await breakOff(how, seededChance(seed)).catch((cause: unknown) => {
        throw new Error(`with seed ${seed}`, { cause });
      });
    }
  });
}

test('many clients in the middle of segments all get every byte when their edge is killed', async () => {
  await fleet.allHealthy();
  const readings = await Promise.all(Array.from({ length: 8 }, (_, i) => readUpTo(i * 100_000)));
  const edge = fleet.edge(readings[0]!.edge);
  await edge.kill();
  const expected = signature(BYTES);
  for (const got of await Promise.all(readings.map(({ rest }) => rest()))) assert.equal(got, expected);
  await edge.up();
});

test('when two of three edges go at once, one killed and one frozen, the third brings the rest', async () => {
  await fleet.allHealthy();
  const reading = await readUpTo(1_000_000);
  const own = fleet.edge(reading.edge);
  const [next, third] = fleet.edges.filter((edge) => edge !== own);
  next!.freeze();
  await own.kill();
  assert.equal(await reading.rest(), signature(BYTES));
  assert.equal(reassigned().at(-1)?.to, third!.name);
  next!.thaw();
  await own.up();
});

test('without any edge it is 503 no_edge, and playing goes on as soon as one is back', async () => {
  await fleet.allHealthy();
  const path = `${await fleet.startSession()}/g1/v360/init.mp4`;
  const status = async (): Promise<number | undefined> => (await fleet.open(path)).resume().statusCode;
  assert.equal(await status(), 200);
  await Promise.all(fleet.edges.map((edge) => edge.kill()));
  const refused = await fleet.open(path);
  assert.deepEqual([refused.statusCode, refused.headers['retry-after']], [503, '1']);
  let body = '';
  for await (const chunk of refused) body += chunk;
  assert.equal(JSON.parse(body).code, 'no_edge');
  await fleet.edges[0]!.up();
  await eventually('the session plays again', async () => (await status()) === 200);
  await Promise.all(fleet.edges.map((edge) => edge.up()));
});
