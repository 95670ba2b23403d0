import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isErrorCode } from '../../../src/domain/errors.ts';
import { adviseOn } from './advise.ts';

test('an error of the source asks for another file, not for another try', () => {
  for (const code of ['not_a_video', 'source_truncated', 'source_unsupported', 'digest_mismatch']) {
    assert.ok(isErrorCode(code), `${code} is not a code of the domain`);
    assert.doesNotMatch(adviseOn(code), /^Try again/);
  }
});

test('an unknown error can be tried again', () => {
  assert.match(adviseOn('toString'), /^Try again/);
  assert.match(adviseOn('ffmpeg_failed'), /^Try again/);
});
