import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DomainError, ERROR_CODES, type ErrorCode } from '../domain/errors.ts';
import type { FailureCause } from '../domain/tasks.ts';
import { failureOf, ToolError } from './task-error.ts';

const CAUSES: readonly [unknown, FailureCause, string][] = [
  [new DomainError('not_a_video'), 'input', 'not_a_video'],
  [new DomainError('source_truncated'), 'input', 'source_truncated'],
  [new DomainError('source_unsupported'), 'input', 'source_unsupported'],
  [new DomainError('store_unavailable'), 'store', 'store_unavailable'],
  [new ToolError('ffmpeg_hung', 'did nothing'), 'attempt', 'ffmpeg_hung'],
  [new ToolError('ffmpeg_failed', 'exit code 1'), 'attempt', 'ffmpeg_failed'],
  [new TypeError('x is not a function'), 'attempt', 'internal'],
  ['not even an error', 'attempt', 'internal'],
];

for (const [error, cause, code] of CAUSES)
  test(`${error} is a failure by ${cause}`, () => {
    const failure = failureOf(error);
    assert.deepEqual([failure.cause, failure.code], [cause, code]);
  });

test('only what the input says is final', () => {
  const isInput = (code: ErrorCode): boolean => failureOf(new DomainError(code)).cause === 'input';
  assert.deepEqual(ERROR_CODES.filter(isInput), ['not_a_video', 'source_truncated', 'source_unsupported']);
});

test('the last words of the tool are told, also those below a domain error', () => {
  const tool = new ToolError('ffmpeg_failed', 'exit code 1', { tail: 'moov atom not found' });
  assert.equal(failureOf(tool).tail, 'moov atom not found');
  assert.equal(failureOf(new DomainError('not_a_video', undefined, { cause: tool })).tail, 'moov atom not found');
  assert.equal('tail' in failureOf(new Error('x')), false);
});

test('a message of any length fits into what the orchestrator takes', () => {
  assert.equal(failureOf(new Error('x'.repeat(100_000))).message.length, 2_000);
});
