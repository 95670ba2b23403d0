import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KeyScope } from '../domain/api-keys.ts';
import type { ApiKeyId } from '../domain/ids.ts';
import { digestOf, KeyRing } from './key-ring.ts';

const clock = { nowMs: () => 1_000 };
const held = (key: string, scope: KeyScope, expiresAtMs = Number.POSITIVE_INFINITY) => ({
  id: `id of ${key}` as ApiKeyId,
  scope,
  digest: digestOf(key),
  expiresAtMs,
});

test('without any key everybody may do everything, until the first one is made', () => {
  const ring = new KeyRing({ fixed: undefined, clock });
  assert.deepEqual([ring.isRequired, ring.scopeOf(undefined)], [false, 'admin']);
  ring.replace({ keys: [held('a', 'read')], wereMade: true });
  assert.deepEqual([ring.isRequired, ring.scopeOf(undefined), ring.scopeOf('Bearer a')], [true, undefined, 'read']);
});

test('when the last key is gone nothing is open', () => {
  const ring = new KeyRing({ fixed: undefined, clock });
  ring.replace({ keys: [], wereMade: true });
  assert.deepEqual([ring.isRequired, ring.scopeOf('Bearer a')], [true, undefined]);
});

test('an expired key is none, also before the database is asked again', () => {
  const ring = new KeyRing({ fixed: undefined, clock });
  ring.replace({ keys: [held('old', 'admin', 1_000), held('new', 'write', 1_001)], wereMade: true });
  assert.deepEqual([ring.scopeOf('Bearer old'), ring.scopeOf('Bearer new')], [undefined, 'write']);
});

test('keys of the environment go on reaching everywhere beside those of the database', () => {
  const ring = new KeyRing({ fixed: ['of the environment'.replaceAll(' ', '-')], clock });
  ring.replace({ keys: [held('a', 'read')], wereMade: true });
  assert.deepEqual([ring.scopeOf('Bearer of-the-environment'), ring.scopeOf('Bearer a')], ['admin', 'read']);
});

test('a key that was used is told of once, however often it was', () => {
  const ring = new KeyRing({ fixed: ['fixed-key'], clock });
  ring.replace({ keys: [held('a', 'read'), held('b', 'read')], wereMade: true });
  for (const key of ['a', 'a', 'c', 'fixed-key']) ring.scopeOf(`Bearer ${key}`);
  assert.deepEqual([ring.takeUsed(), ring.takeUsed()], [['id of a'], []]);
});
