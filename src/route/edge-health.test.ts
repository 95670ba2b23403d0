import assert from 'node:assert/strict';
import { test } from 'node:test';
import { capturedLog } from '../../test/fakes/captured-log.ts';
import { eventually } from '../../test/support/eventually.ts';
import { createEdgeHealth, type EdgeFailure } from './edge-health.ts';

const [A, B] = ['http://127.0.0.1:8101', 'http://127.0.0.1:8102'] as const;

function fixture(
  probe: (url: string, signal: AbortSignal) => Promise<EdgeFailure | undefined> = async () => undefined,
) {
  const { log, lines } = capturedLog();
  let urls: readonly string[] = [A, B];
  const health = createEdgeHealth({ listEdges: () => urls, probe, log, probeEveryMs: 5 });
  const healthy = () => health.edges().flatMap(({ url, isHealthy }) => (isHealthy ? [url] : []));
  const list = (...now: string[]): void => {
    urls = now;
  };
  return { health, healthy, list, events: () => lines.map((line) => `${line.event} ${line.edge}`) };
}

test('an edge that nobody has heard of yet counts as healthy', () => {
  assert.deepEqual(fixture().healthy(), [A, B]);
});

test('one missed answer does not put an edge out, three in a row do', () => {
  const { health, healthy, events } = fixture();
  health.noteFailure(A, 'timeout');
  health.noteFailure(A, 'timeout');
  assert.deepEqual(healthy(), [A, B]);
  health.noteFailure(A, 'timeout');
  health.noteFailure(A, 'timeout');
  assert.deepEqual(healthy(), [B]);
  assert.deepEqual(events(), [`edge_down ${A}`]);
});

test('a success between misses forgives them', () => {
  const { health, healthy } = fixture();
  for (let i = 0; i < 5; i++) {
    health.noteFailure(A, 'reset');
    health.noteFailure(A, 'timeout');
    health.noteSuccess(A);
  }
  assert.deepEqual(healthy(), [A, B]);
});

test('an edge at which nothing listens is out at once, and back after one success', () => {
  const { health, healthy, events } = fixture();
  health.noteFailure(A, 'unreachable');
  assert.deepEqual(healthy(), [B]);
  health.noteSuccess(A);
  assert.deepEqual(healthy(), [A, B]);
  assert.deepEqual(events(), [`edge_down ${A}`, `edge_up ${A}`]);
});

test('probes put a failing edge out and bring it back, without any request', async () => {
  let isSick = true;
  const { health, healthy } = fixture(async (url) => (isSick && url === B ? 'unhealthy' : undefined));
  health.start();
  await eventually('the sick edge is out', () => healthy().join() === A);
  isSick = false;
  await eventually('the edge is back', () => healthy().length === 2);
  await health.stop();
});

test('an edge that left the list is forgotten, and one that joined is used at once', async () => {
  const { health, healthy, list } = fixture();
  health.noteFailure(A, 'unreachable');
  list('http://127.0.0.1:9000', B);
  assert.deepEqual(healthy(), ['http://127.0.0.1:9000', B]);
});

test('stopping ends the probe that is under way, blames nobody, and probes no more', async () => {
  let probes = 0;
  const { health, healthy, events } = fixture(async (_url, signal) => {
    probes++;
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    return 'timeout';
  });
  health.start();
  assert.equal(probes, 2);
  await health.stop();
  assert.equal(probes, 2);
  assert.deepEqual(healthy(), [A, B]);
  assert.deepEqual(events(), []);
});
