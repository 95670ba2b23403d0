import assert from 'node:assert/strict';
import { test } from 'node:test';
import { segmentBytes } from '../fakes/playable-video.ts';
import { eventually } from '../support/eventually.ts';
import { DEADLINE_MS, fixture } from '../support/playback-flow.ts';

/** Content Steering: where edges have addresses of their own, players are told them. */
const SEGMENT = 'g1/v360/000000.m4s';

type Steering = { VERSION: number; TTL: number; 'PATHWAY-PRIORITY': string[] };

/** A session with its playlist; `direct` are the addresses in it that are not the router's. */
async function steered(names = ['edge-1', 'edge-2']) {
  const flow = await fixture({ publicEdges: names });
  const session = await flow.startSession();
  const response = await flow.get(`${session}/index.m3u8`);
  const text = await response.text();
  const direct = [...text.matchAll(/^http.*$/gm)].map(([url]) => url);
  const steering = async (): Promise<Steering> => {
    const answer = await flow.get(`${session}/steering.json?_HLS_pathway=%22edge-1%22&_HLS_throughput=100`);
    assert.equal(answer.headers.get('access-control-allow-origin'), '*');
    return (await answer.json()) as Steering;
  };
  return { flow, session, response, text, direct, steering, [Symbol.asyncDispose]: flow[Symbol.asyncDispose] };
}

test('a session is told the edges themselves, its own first, and plays from them with its token', async () => {
  await using it = await steered();
  const [own, other] = it.direct;
  assert.deepEqual([it.response.status, it.direct.length], [200, 2]);
  assert.equal(it.response.headers.get('content-length'), String(Buffer.byteLength(it.text)));
  assert.equal(it.response.headers.get('etag'), null, 'the tag of the edge is not that of these bytes');
  const { 'PATHWAY-PRIORITY': priority } = await it.steering();
  assert.equal(priority[0], it.response.headers.get('x-served-by'));
  assert.equal(priority.at(-1), 'proxy');
  for (const url of [own!, other!]) {
    const segment = await fetch(new URL('000000.m4s', url), { signal: AbortSignal.timeout(DEADLINE_MS) });
    assert.deepEqual(Buffer.from(await segment.arrayBuffer()), segmentBytes());
    assert.equal(segment.headers.get('access-control-allow-origin'), '*');
  }
  assert.match(it.text, /^g1\/v360\/index\.m3u8$/m, "the router's own addresses stay");
  assert.deepEqual(it.flow.named('session_steered').at(-1)?.playing, 'edge-1');
});

test('an edge that is lost, or drains, is no longer among the pathways', async () => {
  await using it = await steered();
  const [lost = ''] = (await it.steering())['PATHWAY-PRIORITY'];
  await it.flow.edges[Number(lost.at(-1)) - 1]![Symbol.asyncDispose]();
  assert.equal((await it.flow.get(`${it.session}/${SEGMENT}`)).status, 200, 'the router finds the other one');
  const { 'PATHWAY-PRIORITY': left } = await it.steering();
  assert.deepEqual([left.includes(lost), left.length], [false, 2]);
});

test('edges without an address are not named, and without any the playlist is the published one', async () => {
  await using one = await steered(['edge-2']);
  assert.deepEqual((await one.steering())['PATHWAY-PRIORITY'], ['edge-2', 'proxy']);
  await using none = await steered([]);
  assert.doesNotMatch(none.text, /STEERING|PATHWAY/);
  await using off = await fixture();
  assert.equal((await off.get(`${await off.startSession()}/steering.json`)).status, 404);
});

test('conditions and HEAD do not reach through to bytes that are changed on their way', async () => {
  await using it = await steered();
  const conditional = await it.flow.get(`${it.session}/index.m3u8`, {
    headers: { 'if-none-match': '*', range: 'bytes=0-3' },
  });
  assert.deepEqual([conditional.status, await conditional.text()], [200, it.text]);
  const head = await it.flow.get(`${it.session}/index.m3u8`, { method: 'HEAD' });
  assert.equal(head.headers.get('content-length'), String(Buffer.byteLength(it.text)));
  assert.equal((await it.flow.get(`${it.session}/nothing.m3u8`)).status, 404);
});

test('a playlist whose edge is gone comes whole from the other, steered all the same', async () => {
  await using it = await steered();
  const own = Number(it.response.headers.get('x-served-by')?.at(-1)) - 1;
  await it.flow.edges[own]![Symbol.asyncDispose]();
  const again = await it.flow.get(`${it.session}/index.m3u8`);
  assert.deepEqual([again.status, (await again.text()).includes('CONTENT-STEERING')], [200, true]);
  await eventually('the move is told', () => it.flow.named('session_reassigned').length === 1);
});
