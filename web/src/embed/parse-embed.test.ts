import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseEmbed } from './parse-embed.ts';

const at = (address: string, referrer = '') => parseEmbed(new URL(address, 'https://videos.example.org'), referrer);

test('the path names the video, the query what is wished', () => {
  assert.deepEqual(at('/embed/0123456789abcdef?tech=dash&autoplay&muted=1&stats=true'), {
    videoId: '0123456789abcdef',
    tech: 'dash',
    autoplay: true,
    muted: true,
    stats: true,
    parentOrigin: undefined,
  });
  const plain = at('/embed/0123456789abcdef/');
  assert.deepEqual([plain.tech, plain.autoplay, plain.muted, plain.stats], ['hls', false, false, false]);
  assert.equal(at('/embed/..').videoId, undefined);
});

test('the page around it is known by its referrer, or says itself who it is', () => {
  assert.equal(at('/embed/a', 'https://blog.example.org/post/1').parentOrigin, 'https://blog.example.org');
  assert.equal(at('/embed/a?origin=http://localhost:3000', 'https://x.org/').parentOrigin, 'http://localhost:3000');
  for (const origin of ['null', '*', 'javascript:alert(1)', 'file:///a'])
    assert.equal(at(`/embed/a?origin=${encodeURIComponent(origin)}`).parentOrigin, undefined, origin);
});
