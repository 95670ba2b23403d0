import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { after, before, beforeEach, test } from 'node:test';
import { sql } from 'kysely';
import { createDeliveryLine } from '../../src/adapters/delivery-line.ts';
import { listenTo } from '../../src/adapters/notifications.ts';
import { WEBHOOK_CHANNEL } from '../../src/adapters/wake-ups.ts';
import { createWebhooks } from '../../src/adapters/webhooks.ts';
import type { VideoId } from '../../src/domain/ids.ts';
import { type DeliveryEntry, TOLD_STATES, type ToldState, type WebhookResource } from '../../src/domain/webhooks.ts';
import { Bell } from '../../src/lib/bell.ts';
import { isPublicAddress } from '../../src/lib/public-address.ts';
import { Poster } from '../../src/orchestrate/webhooks/poster.ts';
import { type SendDeps, sendNext, sendWebhooks, tidyUp } from '../../src/orchestrate/webhooks/send-webhooks.ts';
import { capturedLog } from '../fakes/captured-log.ts';
import { listening } from '../fakes/listening.ts';
import { eventually } from '../support/eventually.ts';
import { JobWorld, newVideoId } from '../support/job-world.ts';

/** Messages about real transitions in a real PostgreSQL, to real receivers on loopback. */
const SECRET = `whsec_${randomBytes(32).toString('base64')}`;

let world: JobWorld;
before(async () => {
  world = await JobWorld.open();
});
after(() => world?.close());
beforeEach(async () => {
  await world.empty();
  await sql`truncate webhooks cascade`.execute(world.db);
});

type Received = { headers: IncomingHttpHeaders; body: string; type: string; videoId: string };

/** Takes messages down; `answers` are the first statuses, then it is 204. */
async function receiver(...answers: number[]) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (text) => (body += text));
    request.on('end', () => {
      const { type, data } = JSON.parse(body) as { type: string; data: { id: string } };
      received.push({ headers: request.headers, body, type, videoId: data.id });
      const status = answers[received.length - 1] ?? 204;
      response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end();
    });
  });
  return { ...(await listening(server)), received };
}

/** What an orchestrator sends with; pauses are let pass by the test. */
function sender(over: Partial<SendDeps> = {}) {
  const { log, lines } = capturedLog();
  const deps: SendDeps = {
    line: createDeliveryLine(world.db),
    bounds: { maxAgeMs: 7 * 24 * 3_600_000, maxWaiting: 10_000 },
    resolve: async () => [{ address: '127.0.0.1', family: 4 }],
    isAllowed: () => true,
    clock: { nowMs: () => Date.now() },
    random: () => 0.5,
    log,
    bell: new Bell(),
    ...over,
  };
  const poster = new Poster(deps);
  const never = new AbortController().signal;
  return {
    deps,
    lines,
    once: () => sendNext(deps, { poster }, never),
    /** Until nothing is due any more; pauses end at once. */
    async all(): Promise<void> {
      do await sql`update webhook_deliveries set due_at = clock_timestamp()`.execute(world.db);
      while (await sendNext(deps, { poster }, never));
    },
    [Symbol.asyncDispose]: () => poster[Symbol.asyncDispose](),
  };
}

const told = (url: string, states: readonly ToldState[] = TOLD_STATES): Promise<WebhookResource> =>
  createWebhooks(world.db).create({ url, secret: SECRET, states });

const log = async (): Promise<DeliveryEntry[]> =>
  (await createWebhooks(world.db).deliveries({ limit: 100 })).deliveries;

/** From its upload to the start of its job. */
async function processing(): Promise<VideoId> {
  const videoId = await world.uploaded();
  await world.one.startQueuedJobs(100);
  return videoId;
}

test('a webhook is told of each state of a video, in order, signed, until the video is deleted', async () => {
  await using to = await receiver();
  await using from = sender();
  const { id: webhookId } = await told(`${to.url}/hook?of=mine`);
  const { videoId, jobId } = (await world.planned()).probe;
  await from.all();
  await world.control.cancelJob(jobId, 'cancelled by hand');
  await world.videos.remove(videoId);
  await from.all();
  assert.deepEqual(
    to.received.map(({ type }) => type),
    ['video.uploaded', 'video.processing', 'video.failed', 'video.deleted'],
  );
  for (const { headers, body, videoId: of } of to.received) {
    assert.equal(of, videoId);
    const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signature } = headers;
    const key = Buffer.from(SECRET.slice(6), 'base64');
    assert.equal(signature, `v1,${createHmac('sha256', key).update(`${id}.${at}.${body}`).digest('base64')}`);
    assert.ok(Math.abs(Date.now() / 1000 - Number(at)) < 300);
    assert.equal(headers['content-type'], 'application/json');
  }
  const entries = await log();
  assert.deepEqual([entries.length, new Set(entries.map(({ state }) => state))], [4, new Set(['delivered'])]);
  assert.ok(entries.every((entry) => entry.webhookId === webhookId && entry.lastStatus === 204 && entry.tries === 1));
  assert.equal(new Set(to.received.map(({ headers }) => headers['webhook-id'])).size, 4);
  assert.ok(!JSON.stringify([from.lines, entries]).includes(SECRET.slice(6)));
});

test('a receiver that fails at first gets the same message again, and the next ones of the video after it', async () => {
  await using to = await receiver(500, 302);
  await using from = sender();
  await told(to.url);
  const videoId = await processing();
  assert.equal(await from.once(), true);
  assert.equal(await from.once(), false, 'the message rests, and the one after it waits for it');
  await from.all();
  const [first, second, third, last] = to.received;
  assert.equal(to.received.length, 4);
  assert.deepEqual([first?.type, second?.type, third?.type], Array(3).fill('video.uploaded'));
  assert.equal(new Set([first, second, third].map((message) => message?.headers['webhook-id'])).size, 1);
  assert.equal(last?.type, 'video.processing');
  const failed = from.lines.filter(({ event }) => event === 'webhook_failed');
  assert.deepEqual(
    failed.map((line) => [line.videoId, line.tries, line.status, line.waitMs]),
    [
      [videoId, 1, 500, 3_750],
      [videoId, 2, 302, 7_500],
    ],
  );
});

test('an orchestrator that dies with a message loses none: another sends it, and the dead one settles nothing', async () => {
  await using to = await receiver();
  await using other = sender();
  await told(to.url);
  await processing();
  const dead = createDeliveryLine(world.db);
  const lent = await dead.claim(60_000);
  assert.equal(await other.once(), false, 'the lease of the dead one still runs');
  await sql`update webhook_deliveries set lease_until = clock_timestamp() where id = ${lent!.id}`.execute(world.db);
  await other.all();
  assert.deepEqual(
    to.received.map(({ type }) => type),
    ['video.uploaded', 'video.processing'],
  );
  assert.equal(to.received[0]!.headers['webhook-id'], `msg_${lent!.id}`);
  assert.equal(await dead.settle(lent!, { outcome: 'again', waitMs: 0 }), false);
  assert.ok((await log()).every(({ state }) => state === 'delivered'));
});

test('a transition that is rolled back tells nobody', async () => {
  await told('https://example.org/');
  const work = world.db.transaction().execute(async (tx) => {
    await sql`insert into events (video_id, subject, to_state) values ('v', 'video', 'ready')`.execute(tx);
    throw new Error('rolled back');
  });
  await assert.rejects(work, /rolled back/);
  assert.deepEqual(await log(), []);
});

test('410 ends a message at once; only the wanted states are told, and no upload that breaks off', async () => {
  await using to = await receiver(410);
  await using from = sender();
  await told(to.url, ['processing', 'deleted']);
  await processing();
  const brokenOff = newVideoId();
  await world.videos.startUpload({ videoId: brokenOff, filename: 'x', contentType: 'video/mp4' });
  await world.videos.abandonUpload(brokenOff);
  await from.all();
  const [entry, ...others] = await log();
  assert.deepEqual([entry?.type, entry?.state, entry?.lastStatus, others], ['video.processing', 'given_up', 410, []]);
  assert.equal(from.lines.at(-1)?.event, 'webhook_given_up');
});

test('no message goes to a private address, by number or by name', async () => {
  await using to = await receiver();
  await using from = sender({ isAllowed: isPublicAddress });
  await told(to.url);
  await told(to.url.replace('127.0.0.1', 'receiver.example'));
  await told(to.url.replace('127.0.0.1', '[::1]'));
  await world.uploaded();
  for (let i = 0; i < 3; i++) assert.equal(await from.once(), true);
  assert.deepEqual(to.received, []);
  for (const { lastError, state } of await log()) {
    assert.match(lastError ?? '', /is not an address on the public internet/);
    assert.equal(state, 'waiting');
  }
});

test('a receiver that hangs holds up neither another one nor the end of the process', async () => {
  let asked = 0;
  await using hanging = await listening(createServer(() => (asked += 1)));
  await using to = await receiver();
  const stopping = new AbortController();
  await told(hanging.url);
  await told(to.url);
  await using from = sender();
  const stopListening = listenTo(world.url, {
    channels: { [WEBHOOK_CHANNEL]: () => from.deps.bell.ring() },
    onConnected: () => from.deps.bell.ring(),
    onError: () => {},
  });
  const sending = sendWebhooks(from.deps, stopping.signal);
  for (let i = 0; i < 5; i++) await world.uploaded();
  await eventually('all are told to the one that answers', () => to.received.length === 5);
  await eventually('the other one was asked', () => asked > 0);
  stopping.abort();
  await sending;
  await stopListening();
  assert.ok(asked <= 4, 'one at a time, but for two who looked at the same moment');
});

test('however many receivers hang with much before them, one that answers is told', async () => {
  let asked = 0;
  await using hanging = await listening(createServer(() => (asked += 1)));
  await using to = await receiver();
  await using from = sender();
  for (let i = 0; i < 6; i++) {
    const { id } = await told(`${hanging.url}/${i}`);
    await sql`
      insert into webhook_deliveries (webhook_id, video_id, state, at, last_error)
      select ${id}, 'video-' || n, 'uploaded', clock_timestamp(), 'no answer' from generate_series(1, 50) n
    `.execute(world.db);
  }
  await told(to.url);
  const stopping = new AbortController();
  const sending = sendWebhooks(from.deps, stopping.signal);
  await eventually('those that hang are asked', () => asked > 0);
  await world.uploaded();
  await eventually('the one that answers is told', () => to.received.length === 1);
  stopping.abort();
  await sending;
});

test('what ended is forgotten in time; what has not is kept', async () => {
  await using to = await receiver(204, 500);
  await using from = sender();
  await told(to.url);
  await processing();
  while (await from.once());
  assert.equal(await from.deps.line.forget({ forMs: 60_000, most: 100 }), 0);
  assert.equal(await from.deps.line.forget({ forMs: -60_000, most: 100 }), 1);
  assert.deepEqual(
    (await log()).map(({ type, state }) => [type, state]),
    [['video.processing', 'waiting']],
  );
});

test('of a receiver that is away no more messages wait than may, nor for longer; the log says which were dropped', async () => {
  await using from = sender();
  const { id: webhookId } = await told('https://away.example/', ['uploaded']);
  const { id: other } = await told('https://other.example/', ['uploaded']);
  const insert = (of: string, count: number, ageHours: number) =>
    sql`
    insert into webhook_deliveries (webhook_id, video_id, state, at, last_error)
    select ${of}, 'video-' || i, 'uploaded', clock_timestamp() - ${ageHours}::float8 * interval '1 hour', 'no answer'
    from generate_series(1, ${count}::int) i
  `.execute(world.db);
  await insert(webhookId, 3, 2);
  await insert(webhookId, 6, 0);
  await insert(other, 4, 0);
  await sql`update webhook_deliveries set lease_until = clock_timestamp() + interval '1 minute'
    where position = (select min(position) from webhook_deliveries)`.execute(world.db);
  const tidy = () => tidyUp({ ...from.deps, bounds: { maxAgeMs: 3_600_000, maxWaiting: 4 } });
  assert.equal(await tidy(), true);
  const said = from.lines.map(({ event, webhookId: of, reason, messages }) => [event, of, reason, messages]);
  assert.deepEqual(said.toSorted(), [
    ['webhook_dropped', webhookId, 'too_many', 2],
    ['webhook_dropped', webhookId, 'too_old', 2],
  ]);
  const own = (await log()).filter((entry) => entry.webhookId === webhookId);
  assert.deepEqual(
    own.map(({ state, lastError }) => [state, lastError]),
    [
      ...Array.from({ length: 4 }, () => ['waiting', 'no answer']),
      ...Array.from({ length: 2 }, () => ['given_up', 'dropped, too_many: no answer']),
      ...Array.from({ length: 2 }, () => ['given_up', 'dropped, too_old: no answer']),
      ['waiting', 'no answer'],
    ],
    'the one that is being sent is left alone',
  );
  assert.equal((await log()).length, 13);
  await insert(webhookId, 5, 0);
  await tidy();
  const ended = (await log()).filter(({ state }) => state === 'given_up');
  assert.equal(ended.length, 4, 'what ended is bounded, too');
  assert.equal(await tidy(), false);
});

test('removing a webhook removes what was to be sent to it, and fails no transition', async () => {
  const { id } = await told('https://example.org/');
  await world.uploaded();
  const webhooks = createWebhooks(world.db);
  const [removed] = await Promise.all([webhooks.remove(id as never), ...Array.from({ length: 5 }, () => processing())]);
  assert.equal(removed, true);
  assert.equal(await webhooks.remove(id as never), false);
  assert.deepEqual(await log(), []);
});

test('there is a bound to webhooks', async () => {
  for (let i = 0; i < 20; i++) await told('https://example.org/');
  await assert.rejects(told('https://example.org/'), { code: 'too_many_webhooks' });
});
