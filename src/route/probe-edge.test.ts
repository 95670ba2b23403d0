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
  try {
    // On a busy machine the time may be over before the first byte.
    assert.match((await probeEdge(client, edge.url)) ?? 'healthy', /^(stalled|first_byte_timeout)$/);
  } finally {
    clearInterval(timer);
    client.close();
  }
});
