import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { publishVideo, SECRET } from '../fakes/playable-video.ts';
import { startFleet } from '../support/edge-fleet.ts';
import { eventually } from '../support/eventually.ts';

const CLI = resolve(import.meta.dirname, '../../src/main/cli.ts');
const run = promisify(execFile);
const SEGMENT = 'g1/v360/000000.m4s';
const DEADLINE_MS = 60_000;

test('millrace edge drain moves the sessions of an edge away without a single error', async () => {
  await using fleet = await startFleet({ edges: 2, publish: publishVideo });
  await fleet.allHealthy();
  const { PATH, HOME } = process.env;
  const MILLRACE_EDGES = fleet.edges.map(({ name, url }) => `${name}=${url}`).join();
  const env = { PATH, HOME, MILLRACE_SECRET: SECRET, MILLRACE_EDGES };
  const millrace = async (...args: string[]) =>
    (await run(process.execPath, [CLI, ...args], { env, timeout: DEADLINE_MS })).stdout;

  const url = `${await fleet.startSession()}/${SEGMENT}`;
  const servedBy = async (): Promise<string> => {
    const response = (await fleet.open(url)).resume();
    assert.equal(response.statusCode, 200);
    return String(response.headers['x-served-by']);
  };
  const own = await servedBy();
  assert.equal(await millrace('edge', 'drain', own), `${own} drains: its sessions move away within seconds.\n`);
  await eventually('the session has moved', async () => (await servedBy()) !== own);
  const [move] = fleet.lines.filter(({ event }) => event === 'session_reassigned');
  assert.deepEqual([move?.from, move?.reason, move?.bytes], [own, 'draining', 0]);
  const sessions = await Promise.all(Array.from({ length: 10 }, () => fleet.startSession()));
  for (const session of sessions) {
    const response = (await fleet.open(`${session}/${SEGMENT}`)).resume();
    assert.notEqual(response.headers['x-served-by'], own);
  }

  await fleet.edge(own).terminate();
  for (let i = 0; i < 5; i++) assert.notEqual(await servedBy(), own);
  assert.deepEqual(
    fleet.lines.filter(({ level }) => level === 'error'),
    [],
  );
  await fleet.edge(own).up();
  await millrace('edge', 'drain', fleet.edge(own).url);
  await millrace('edge', 'undrain', fleet.edge(own).url);
  await assert.rejects(millrace('edge', 'drain', 'edge-9'), /There is no edge "edge-9" \(edge-1, edge-2\)/);
});
