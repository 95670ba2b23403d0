import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixture } from '../../../test/support/playback-flow.ts';
import { DomainError } from '../../domain/errors.ts';
import { lookAtSystem, type SystemDeps } from './look-at-system.ts';
import { systemSchema } from './system-schema.ts';

const SEGMENT = 'g1/v360/000000.m4s';
const OWN: SystemDeps['own'] = {
  name: 'public',
  health: async () => ({ status: 'ok', role: 'upload-api', version: '1', uptimeSeconds: 5, checks: {} }),
};
const QUEUE = { jobs: { queued: 0, running: 0 }, tasks: { queued: 0, waiting: 0, leased: 0 } };
const working = {
  jobLists: { workers: async () => ({ workers: [] }), jobs: async () => ({ jobs: [], next: null }) },
  countQueue: async () => QUEUE,
} satisfies Partial<SystemDeps>;

test('the edges tell what they do, and the router what it thinks of them; a silent one is called so', async () => {
  await using flow = await fixture();
  const session = await flow.startSession();
  for (let i = 0; i < 2; i++) await (await flow.get(`${session}/${SEGMENT}`)).arrayBuffer();
  const serving = flow.named('segment_served')[0]?.edge;
  const listRoles = async () => [...flow.listed(), { name: 'edge-9', url: 'http://127.0.0.1:9' }];
  const system = await lookAtSystem({ ...working, own: OWN, listRoles, edgeUses: flow.router.status });
  assert.deepEqual(systemSchema.parse(system), system);
  assert.deepEqual(
    system.roles.map(({ name, role, status }) => [name, role, status]),
    [
      ['public', 'upload-api', 'ok'],
      ['edge-1', 'edge', 'ok'],
      ['edge-2', 'edge', 'ok'],
      ['edge-9', null, 'silent'],
    ],
  );
  assert.deepEqual(
    system.edges.map(({ name }) => name),
    ['edge-1', 'edge-2'],
  );
  for (const { name, standing, status } of system.edges) {
    const isServing = name === serving;
    assert.equal(standing, 'healthy');
    assert.equal(status?.sessions, isServing ? 1 : 0);
    assert.deepEqual(status?.hitRatio, isServing ? { requests: 0.5, bytes: 0.5 } : { requests: null, bytes: null });
    assert.equal(status?.memory.objects, isServing ? 1 : 0);
  }
  const [use] = flow.router.status().filter(({ name }) => name === serving);
  assert.equal(use?.sessions, 1);
});

test('while the database is away, all that does not need it is still told', async () => {
  const away = async () => Promise.reject(new DomainError('database_unavailable'));
  const system = await lookAtSystem({
    jobLists: { workers: away, jobs: away },
    countQueue: away,
    own: OWN,
    listRoles: async () => [],
    edgeUses: undefined,
  });
  assert.deepEqual(
    [system.workers, system.queue, system.failures, system.edges, system.roles.length],
    [null, null, null, [], 1],
  );
});

test('a process that answers with something else than its health is silent', async () => {
  await using flow = await fixture();
  const [edge] = flow.listed();
  const listRoles = async () => [{ name: 'x', url: `${edge!.url}/play` }];
  const { roles } = await lookAtSystem({ ...working, own: OWN, listRoles, edgeUses: undefined });
  assert.equal(roles[1]?.status, 'silent');
});
