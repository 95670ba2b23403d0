import assert from 'node:assert/strict';
import { test } from 'node:test';
import { progressLine } from './progress-line.ts';
import { parseUploadArgs } from './upload.ts';

test('the line tells the part that is done, the speed of this run and the time that follows', () => {
  assert.equal(
    progressLine('a.mp4', { bytes: 50_000_000, sizeBytes: 200_000_000, sentBytes: 20_000_000, seconds: 10 }),
    'a.mp4 [######------------------] 25% 2.0 MB/s 1:15 left',
  );
});

test('nothing is said of speed before this run has sent anything', () => {
  assert.equal(
    progressLine('a', { bytes: 5, sizeBytes: 10, sentBytes: 0, seconds: 1 }),
    'a [############------------] 50%',
  );
});

test('a missing file, an unknown option and a server that is no URL are refused with a sentence', () => {
  for (const args of [[], ['--wrong', 'a'], ['--url', 'nowhere', 'a'], ['--url', 'ftp://a', 'a']])
    assert.throws(() => parseUploadArgs(args), { name: 'ConfigError' }, args.join(' '));
  assert.deepEqual(parseUploadArgs(['a', '--url', 'http://b:1/', 'c']), { files: ['a', 'c'], server: 'http://b:1' });
});
