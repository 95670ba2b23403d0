import assert from 'node:assert/strict';
import { test } from 'node:test';
import { embedSnippet } from './embed-snippet.ts';

test('a title cannot break out of the snippet', () => {
  const snippet = embedSnippet({ src: 'http://a/embed/b', title: 'A "B" <i>&', ratio: '9/16' });
  assert.match(snippet, /^<iframe src="http:\/\/a\/embed\/b" title="A &quot;B&quot; &lt;i>&amp;" /);
  assert.match(snippet, /aspect-ratio:9\/16/);
});
