import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseFileName } from './file-name.ts';

test('names of any script are kept', () => {
  for (const name of ['clip.mp4', 'Ferien in Köln.mov', '東京の夏.mkv', 'فيديو.mp4', '🎬 take 2.webm', 'no ending'])
    assert.equal(parseFileName(name), name.normalize('NFC'));
});

test('folders in front are dropped, of every system', () => {
  assert.equal(parseFileName('C:\\fakepath\\clip.mp4'), 'clip.mp4');
  assert.equal(parseFileName('/home/me/clip.mp4'), 'clip.mp4');
  assert.equal(parseFileName('../../etc/passwd'), 'passwd');
});

test('the same letters written in two ways are the same name', () => {
  assert.equal(parseFileName('Ko\u0308ln.mp4'), parseFileName('K\u00f6ln.mp4'));
});

test('names that are missing, too long or hold control characters are refused', () => {
  for (const name of ['', '   ', 'folder/', 'a\u0000b', 'a\nb', 'a\u007fb', 'x'.repeat(256)])
    assert.throws(() => parseFileName(name), { code: 'bad_file_name' }, JSON.stringify(name));
  assert.equal(parseFileName('x'.repeat(255)).length, 255);
});

test('what is accepted holds no slash and no line break, and is accepted again unchanged', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
      let name: string;
      try {
        name = parseFileName(text);
      } catch (error) {
        return assert.equal((error as { code?: string }).code, 'bad_file_name');
      }
      assert.doesNotMatch(name, /[/\\\r\n]/);
      return assert.equal(parseFileName(name), name);
    }),
    { numRuns: 500 },
  );
});
