import assert from 'node:assert/strict';
import { test } from 'node:test';
import { capturedLog } from '../../test/fakes/captured-log.ts';
import { eventually } from '../../test/support/eventually.ts';
import { watchEdgeName } from './edge-name-watch.ts';

const A = { address: '10.0.0.1', family: 4 } as const;
const B = { address: 'fd00::2', family: 6 } as const;

async function fixture(first: (typeof A | typeof B)[]) {
  const { log, lines } = capturedLog();
  let looks = 0;
  let answer = async (): Promise<(typeof A | typeof B)[]> => first;
  const resolve = (): Promise<(typeof A | typeof B)[]> => {
    looks++;
    return answer();
  };
  const watch = await watchEdgeName({ host: 'edges.internal', port: 8101, log, resolve, everyMs: 2 });
  /** From now on the name server says this; resolves when it has been asked for it. */
  const say = async (now: typeof answer): Promise<void> => {
    answer = now;
    const before = looks;
    await eventually('the name was asked for twice more', () => looks >= before + 2);
  };
  return { watch, say, names: () => watch.edges().map(({ name }) => name), lines, [Symbol.dispose]: watch.close };
}

test('each address of the name is an edge, whatever their order', async () => {
  using it = await fixture([B, A]);
  assert.deepEqual(it.watch.edges(), [
    { name: '10.0.0.1:8101', url: 'http://10.0.0.1:8101' },
    { name: '[fd00::2]:8101', url: 'http://[fd00::2]:8101' },
  ]);
  await it.say(async () => [A, B]);
  assert.equal(it.lines.filter((line) => line.event === 'edges_resolved').length, 1);
});

test('addresses that come and go are followed', async () => {
  using it = await fixture([A]);
  await it.say(async () => [A, B]);
  assert.equal(it.names().length, 2);
  await it.say(async () => [B]);
  assert.deepEqual(it.names(), ['[fd00::2]:8101']);
});

test('while the name server fails or says nothing, the last known edges stay, and it is said once', async () => {
  using it = await fixture([A]);
  await it.say(async () => {
    throw new Error('EAI_AGAIN');
  });
  await it.say(async () => []);
  assert.deepEqual(it.names(), ['10.0.0.1:8101']);
  assert.equal(it.lines.filter((line) => line.event === 'edges_unresolved').length, 1);
});
