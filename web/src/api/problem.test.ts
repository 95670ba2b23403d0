import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isMissing, parseProblem } from './problem.ts';

test('the detail of a problem is preferred to its title', () => {
  const problem = parseProblem(
    422,
    JSON.stringify({ code: 'not_a_video', title: 'No video.', detail: 'A text file.' }),
  );
  assert.deepEqual([problem.status, problem.code, problem.message], [422, 'not_a_video', 'A text file.']);
});

test('an answer that is no problem document still becomes a sentence', () => {
  assert.equal(parseProblem(502, '<html>Bad gateway</html>').message, 'The server answered 502.');
});

test('any body makes a problem with a message', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (body) => {
      assert.notEqual(parseProblem(500, body).message, '');
    }),
  );
});

test('only a missing video counts as missing, not a missing page', () => {
  assert.equal(isMissing(parseProblem(404, '{"code":"no_such_video"}')), true);
  assert.equal(isMissing(parseProblem(404, '{"code":"no_such_page"}')), false);
});
