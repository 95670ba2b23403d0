import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StepFailed, StepRunner } from './run-steps.ts';

function fixture() {
  let nowMs = 1000;
  const said: string[] = [];
  const runner = new StepRunner({ nowMs: () => nowMs, say: (text) => said.push(text) });
  const advance = (ms: number): void => {
    nowMs += ms;
  };
  const verdicts = () => Object.fromEntries(runner.results().map(({ name, verdict }) => [name, verdict]));
  return { runner, said, advance, verdicts };
}

test('a step that saw what it should passes, with the time that it took, and gives what later steps need', async () => {
  const { runner, said, advance } = fixture();
  advance(500);
  const given = await runner.run('clip', async () => {
    advance(2000);
    return { seen: '90 s', gives: 'a file' };
  });
  assert.equal(given, 'a file');
  const { atSeconds, tookSeconds, verdict } = runner.results().find(({ name }) => name === 'clip') ?? assert.fail();
  assert.deepEqual({ atSeconds, tookSeconds, verdict }, { atSeconds: 0.5, tookSeconds: 2, verdict: 'PASS' });
  assert.match(said.at(-1) ?? '', /PASS after 2\.0 s: 90 s$/);
});

test('a step that saw something wrong fails, and the demo goes on', async () => {
  const { runner, said, verdicts } = fixture();
  await runner.run('clip', async () => ({ seen: '9 s', wrong: ['too short'], gives: undefined }));
  assert.equal(verdicts().clip, 'FAIL');
  assert.match(said.at(-1) ?? '', /FAIL after 0\.0 s: 9 s; too short$/);
});

test('a step that could not be done fails with its reason and ends the demo', async () => {
  const { runner, said, verdicts } = fixture();
  const broken = async () => {
    throw new Error('no ffmpeg', { cause: new Error('not found') });
  };
  await assert.rejects(runner.run('clip', broken), StepFailed);
  assert.match(said.at(-1) ?? '', /FAIL after 0\.0 s: no ffmpeg <- not found$/);
  assert.equal(verdicts().upload, 'not run');
});

test('whoever interrupts the demo waits for no step', async () => {
  const { runner, said } = fixture();
  const interrupted = new AbortController();
  const never = runner.run('clip', () => new Promise<never>(() => {}), interrupted.signal);
  interrupted.abort(new Error('ended by SIGINT'));
  await assert.rejects(never, StepFailed);
  assert.match(said.at(-1) ?? '', /ended by SIGINT$/);
  await assert.rejects(
    runner.run('upload', async () => ({ seen: '', gives: undefined }), interrupted.signal),
    StepFailed,
  );
});
