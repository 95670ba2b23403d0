import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePage } from './parse-page.ts';

test('each path names its page', () => {
  assert.deepEqual(parsePage('/'), { name: 'library' });
  assert.deepEqual(parsePage('/watch/0123456789abcdef'), { name: 'watch', videoId: '0123456789abcdef' });
  assert.deepEqual(parsePage('/watch/0123456789abcdef/'), { name: 'watch', videoId: '0123456789abcdef' });
});

test('anything else is unknown', () => {
  for (const path of ['/watch', '/watch/', '/watch/..', '/watch/a/b', '/Watch/a', '/videos', '/watch/%2e']) {
    assert.deepEqual(parsePage(path), { name: 'unknown' }, path);
  }
});
