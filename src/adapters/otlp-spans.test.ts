import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { after, test } from 'node:test';
import { ManualClock } from '../../test/fakes/manual-clock.ts';
import { eventually } from '../../test/support/eventually.ts';
import { openSpanExport } from './otlp-spans.ts';

const ENDPOINT = 'OTEL_EXPORTER_OTLP_ENDPOINT';
const SPAN = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  name: 'encode',
  startMs: 1_000,
  endMs: 2_500,
  attributes: { 'millrace.attempt': 1 },
};
/** More than may wait. */
const SPANS = 5_000;

/** Takes connections and says nothing, as a collector that hangs does. */
const silent = createServer(() => {}).listen(0, '127.0.0.1');
await once(silent, 'listening');
const before = process.env[ENDPOINT];
after(() => {
  silent.close();
  if (before === undefined) delete process.env[ENDPOINT];
  else process.env[ENDPOINT] = before;
});

function openAt(endpoint: string) {
  process.env[ENDPOINT] = endpoint;
  const losses: number[] = [];
  const about = { role: 'edge', node: 'edge-1', version: '0', clock: new ManualClock(), ratio: 0.5 };
  return { losses, ...openSpanExport({ ...about, onLost: (spans) => losses.push(spans) }) };
}

test('a collector that hangs keeps nobody: spans beyond the bound are dropped, and closing has an end', async () => {
  const { write, close } = openAt(`http://127.0.0.1:${(silent.address() as AddressInfo).port}`);
  for (let n = 0; n < SPANS; n++) write(SPAN);
  await close();
});

test('a collector that refuses is told of once in a while, not for each span', async () => {
  const refusing = createHttpServer((_, response) => void response.writeHead(400).end()).listen(0, '127.0.0.1');
  await once(refusing, 'listening');
  const { write, close, losses } = openAt(`http://127.0.0.1:${(refusing.address() as AddressInfo).port}`);
  for (let n = 0; n < SPANS; n++) write(SPAN);
  await eventually('the loss is told', () => losses.length > 0);
  await close();
  refusing.close();
  assert.equal(losses.length, 1);
});

test('where a share of the traces is kept, every process keeps the same ones', () => {
  const [one, other] = [openAt('http://127.0.0.1:9'), openAt('http://127.0.0.1:9')];
  const ids = Array.from({ length: 64 }, (_, n) => (n * 4).toString(16).padStart(2, '0').padEnd(32, '0'));
  assert.deepEqual(ids.map(one.isKept), ids.map(other.isKept));
  const kept = ids.filter(one.isKept).length;
  assert.ok(kept > 16 && kept < 48, String(kept));
});
