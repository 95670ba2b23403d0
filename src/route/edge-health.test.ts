import assert from 'node:assert/strict';
import { test } from 'node:test';
import { capturedLog } from '../../test/fakes/captured-log.ts';
import { ManualClock } from '../../test/fakes/manual-clock.ts';
import { eventually } from '../../test/support/eventually.ts';
import { createEdgeHealth } from './edge-health.ts';
import type { Edge } from './pick-edge.ts';
import type { Probed } from './probe-edge.ts';

const edge = (name: string, port = 8101): Edge => ({ name, url: `http://127.0.0.1:${port}` });

function fixture(given: (url: string) => Promise<Probed> = async () => 'ok') {
  const { log, lines } = capturedLog();
  const clock = new ManualClock();
  let listed: readonly Edge[] = [edge('A', 1), edge('B', 2)];
  let rounds = 0;
  const probe = (url: string): Promise<Probed> => {
    rounds++;
    return given(url);
  };
  const health = createEdgeHealth({ listEdges: () => listed, probe, clock, log, probeEveryMs: 2 });
  const standing = (name: string) => health.edges().find((one) => one.name === name)?.standing;
  const share = (name: string) => health.edges().find((one) => one.name === name)?.share;
  const list = (...now: Edge[]): void => {
    listed = now;
  };
  const events = () => lines.map((line) => `${line.event} ${line.edge}`);
  /** Until every edge has been probed anew. */
  const probed = async (): Promise<void> => {
    const before = rounds;
    await eventually('all edges were probed', () => rounds >= before + 2 * listed.length);
  };
  return { health, clock, standing, share, list, events, probed, [Symbol.dispose]: health.stop };
}

test('an edge that nobody has heard of yet counts as healthy', () => {
  using it = fixture();
  assert.deepEqual([it.standing('A'), it.share('A')], ['healthy', 1]);
});

test('one missed answer does not put an edge out, three in a row do', () => {
  using it = fixture();
  it.health.noteFailure('A', 'first_byte_timeout');
  it.health.noteFailure('A', 'reset');
  assert.equal(it.standing('A'), 'healthy');
  it.health.noteFailure('A', 'stalled');
  it.health.noteFailure('A', 'stalled');
  assert.deepEqual([it.standing('A'), it.standing('B')], ['out', 'healthy']);
  assert.deepEqual(it.events(), ['edge_down A']);
});

test('a whole answer between misses forgives them', () => {
  using it = fixture();
  for (let i = 0; i < 5; i++) {
    it.health.noteFailure('A', 'reset');
    it.health.noteFailure('A', 'first_byte_timeout');
    it.health.noteSuccess('A');
  }
  assert.equal(it.standing('A'), 'healthy');
});

test('an edge at which nothing listens is out at once, and back with the first probe that gets through', async () => {
  let up = false;
  using it = fixture(async () => (up ? 'ok' : 'refused'));
  it.health.noteFailure('A', 'refused');
  assert.equal(it.standing('A'), 'out');
  it.health.start();
  await eventually('B is out as well', () => it.standing('B') === 'out');
  up = true;
  await eventually('both are back', () => it.standing('A') === 'healthy' && it.standing('B') === 'healthy');
});

test('an edge whose requests fail stays out for a while, however well its health is', async () => {
  using it = fixture();
  it.health.start();
  for (let i = 0; i < 3; i++) {
    await it.probed();
    it.health.noteFailure('A', 'stalled');
  }
  await it.probed();
  assert.equal(it.standing('A'), 'out');
  it.clock.advance(5_000);
  await eventually('it is tried again', () => it.standing('A') === 'healthy');
});

test('an answer that comes to its end brings no edge back: probes do', async () => {
  using it = fixture();
  it.health.noteFailure('A', 'refused');
  it.health.noteSuccess('A');
  for (let i = 0; i < 3; i++) it.health.noteFailure('B', 'stalled');
  it.health.noteSuccess('B');
  assert.deepEqual([it.standing('A'), it.standing('B')], ['out', 'out']);
  it.health.start();
  await eventually('a probe got through to A', () => it.standing('A') === 'healthy');
  assert.deepEqual(it.events(), ['edge_down A', 'edge_down B', 'edge_up A']);
});

test('an edge that does not answer its probe holds up the probes of no other', async () => {
  const hung = Promise.withResolvers<Probed>();
  let asked = 0;
  using it = fixture(async (url) => {
    if (url.endsWith(':2')) return 'unhealthy';
    asked++;
    return hung.promise;
  });
  it.health.start();
  await eventually('B is out', () => it.standing('B') === 'out');
  assert.deepEqual([asked, it.standing('A')], [1, 'healthy']);
  hung.resolve('ok');
  await eventually('A is asked again', () => asked > 1);
});

test('three probes that fail put an edge out without any request', async () => {
  using it = fixture(async (url) => (url.endsWith(':2') ? 'unhealthy' : 'ok'));
  it.health.start();
  await eventually('the sick edge is out', () => it.standing('B') === 'out');
  assert.equal(it.standing('A'), 'healthy');
});

test('an edge that returns or joins begins with a tenth of its share and has all of it after half a minute', async () => {
  using it = fixture();
  it.health.noteFailure('A', 'refused');
  it.health.start();
  await eventually('A is back', () => it.standing('A') === 'healthy');
  it.list(edge('A', 1), edge('B', 2), edge('C', 3));
  assert.deepEqual([it.share('A'), it.share('B'), it.share('C')], [0.1, 1, 0.1]);
  it.clock.advance(15_000);
  assert.equal(it.share('A'), 0.55);
  it.clock.advance(60_000);
  assert.deepEqual([it.share('A'), it.share('C')], [1, 1]);
});

test('an edge that drains says so itself, and takes it back', async () => {
  let draining = true;
  using it = fixture(async (url) => (draining && url.endsWith(':1') ? 'draining' : 'ok'));
  it.health.start();
  await eventually('it drains', () => it.standing('A') === 'draining');
  draining = false;
  await eventually('it no longer does', () => it.standing('A') === 'healthy');
  assert.deepEqual(it.events(), ['edge_draining A', 'edge_draining A']);
});

test('an edge that left the list is forgotten; at another address it is still the same edge', async () => {
  using it = fixture(async () => 'refused');
  it.health.noteFailure('A', 'refused');
  it.list(edge('A', 9), edge('B', 2));
  assert.equal(it.standing('A'), 'out');
  it.list(edge('B', 2));
  it.health.start();
  await it.probed();
  it.health.stop();
  it.list(edge('A', 9), edge('B', 2));
  assert.equal(it.standing('A'), 'healthy');
});

test('stopping blames nobody for the probe that is under way', async () => {
  const { promise, resolve } = Promise.withResolvers<Probed>();
  using it = fixture(() => promise);
  it.health.start();
  it.health.stop();
  resolve('refused');
  await promise;
  assert.deepEqual(it.events(), []);
});
