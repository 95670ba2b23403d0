import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { listening } from '../../test/fakes/listening.ts';
import { createEdgeClient } from './edge-client.ts';
import { probeEdge } from './probe-edge.ts';

test('an edge whose answer dribbles and never ends has failed the probe', async () => {
  let timer: NodeJS.Timeout | undefined;
  const dribbling = createServer((_, response) => {
    response.writeHead(200, { 'content-length': 10_000 });
    timer = setInterval(() => response.write('x'), 20);
  });
  await using edge = await listening(dribbling);
  const client = createEdgeClient();
  assert.equal(await probeEdge(client, edge.url), 'stalled');
  clearInterval(timer);
  client.close();
});
