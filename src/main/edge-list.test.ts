import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from './config.ts';
import { parseEdges, parsePublicUrls } from './edge-list.ts';

test('edges are listed by address, and by name where they have one', () => {
  assert.deepEqual(parseEdges('edge-1=http://10.0.0.7:8101, http://b.internal:8101/,http://[fd00::1]:8101'), [
    { name: 'edge-1', url: 'http://10.0.0.7:8101' },
    { name: 'b.internal:8101', url: 'http://b.internal:8101' },
    { name: '[fd00::1]:8101', url: 'http://[fd00::1]:8101' },
  ]);
});

test('what is not the address of an edge is refused, and two edges with one name', () => {
  for (const setting of [
    '',
    '2',
    'b:8101',
    'https://b:8101',
    'http://b/path',
    'a b=http://b:1',
    'dns://b:1',
    'http://',
  ])
    assert.throws(() => parseEdges(setting), /MILLRACE_EDGES: ".*" is not the address/, setting);
  assert.throws(() => parseEdges('a=http://b:1,a=http://c:1'), /same name/);
});

test('public addresses are given by the names of edges; what is none is refused, and origins beside them', () => {
  const parse = (MILLRACE_EDGE_PUBLIC_URLS: string, more = {}) =>
    parsePublicUrls(parseConfig({ MILLRACE_EDGE_PUBLIC_URLS, ...more }));
  assert.equal(parsePublicUrls(parseConfig({})), undefined);
  assert.deepEqual(
    [...(parse('edge-1=https://e1.example/, b=http://10.0.0.7:8101') ?? [])],
    [
      ['edge-1', 'https://e1.example'],
      ['b', 'http://10.0.0.7:8101'],
    ],
  );
  for (const setting of ['https://e1.example', 'a=e1.example', 'proxy=https://e1.example', 'a=https://e1.example/path'])
    assert.throws(() => parse(setting), /MILLRACE_EDGE_PUBLIC_URLS: ".*" is not a name/, setting);
  const origins = { MILLRACE_PLAYBACK_ORIGINS: 'https://tv.example' };
  assert.throws(() => parse('a=https://e1.example', origins), /not with MILLRACE_PLAYBACK_ORIGINS/);
});
