import assert from 'node:assert/strict';
import { test } from 'node:test';
import { capturedLog } from '../../test/fakes/captured-log.ts';
import { listening } from '../../test/fakes/listening.ts';
import { ManualClock } from '../../test/fakes/manual-clock.ts';
import { MemoryObjectStore } from '../../test/fakes/memory-object-store.ts';
import { publishVideo, SECRET, sessionPath } from '../../test/fakes/playable-video.ts';
import { createTextSigner } from '../lib/sign-text.ts';
import { DRAIN_PURPOSE } from './drain.ts';
import { createEdgeServer } from './server.ts';

const TOKEN = createTextSigner(SECRET).sign(DRAIN_PURPOSE);

async function fixture() {
  const [store, clock, { log, lines }] = [new MemoryObjectStore(), new ManualClock(), capturedLog()];
  await publishVideo(store);
  const edge = await listening(
    createEdgeServer({ store, clock, log, secret: SECRET, edge: 'edge-1', version: '0', cacheBytes: 1_000_000 }),
  );
  const ask = (method: string, token: string) =>
    fetch(`${edge.url}/drain`, { method, headers: { authorization: `Bearer ${token}` } });
  const standing = async () => {
    const response = await fetch(`${edge.url}/health`);
    return [response.status, ((await response.json()) as { status: string }).status];
  };
  return { ...edge, clock, ask, standing, lines };
}

test('an edge that drains says so, goes on serving, and can take it back', async () => {
  await using edge = await fixture();
  assert.equal((await edge.ask('POST', TOKEN)).status, 200);
  assert.deepEqual(await edge.standing(), [200, 'draining']);
  const segment = `${edge.url}${sessionPath(edge.clock)}/g1/v360/000000.m4s`;
  assert.equal((await fetch(segment)).status, 200);
  assert.equal((await edge.ask('DELETE', TOKEN)).status, 200);
  assert.deepEqual(await edge.standing(), [200, 'ok']);
  const said = edge.lines.filter(({ event }) => event === 'edge_draining').map(({ draining }) => draining);
  assert.deepEqual(said, [true, false]);
});

test('nobody without the shared secret drains an edge', async () => {
  await using edge = await fixture();
  for (const token of ['', 'wrong', createTextSigner('another secret').sign(DRAIN_PURPOSE)])
    assert.equal((await edge.ask('POST', token)).status, 401);
  assert.equal((await fetch(`${edge.url}/drain`, { method: 'POST' })).status, 401);
  assert.equal((await edge.ask('GET', TOKEN)).status, 405);
  assert.deepEqual(await edge.standing(), [200, 'ok']);
});
