import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logLine, START } from '../../test/support/log-lines.ts';
import type { LogLine } from '../abr/log-story.ts';
import { byTime, downThenUp, lentAgain, movedFrom, runningEncode, servingEdge } from './stories.ts';

const VIDEO = 'f5xa5bq4e4xsmp4f';
const SESSION = '40frnw934kxvg6vw';
const at = (seconds: number): number => Date.parse(START) + seconds * 1000;
const task = { videoId: VIDEO, jobId: 'j', taskId: 'task-1', attempt: 1, kind: 'encode' };

const claimed = (seconds: number, worker: string, of: { taskId?: string; kind?: string } = {}): LogLine =>
  logLine('task_claimed', seconds, worker, { ...task, token: 1, ...of });
const settled = (seconds: number, worker: string, taskId = 'task-1'): LogLine =>
  logLine('task_settled', seconds, worker, { ...task, taskId, outcome: 'done', durationMs: 1 });

test('of the encodes that go on, the one that began last and is in its middle is found', () => {
  const lines = [
    claimed(1, 'worker-1'),
    claimed(2, 'worker-2', { taskId: 'task-2' }),
    claimed(2, 'worker-3', { taskId: 'task-3', kind: 'trial' }),
  ];
  const [first, second] = [
    { worker: 'worker-1', taskId: 'task-1' },
    { worker: 'worker-2', taskId: 'task-2' },
  ];
  assert.deepEqual(runningEncode(lines, VIDEO, at(3)), second);
  assert.deepEqual(runningEncode(lines, VIDEO, at(2.9)), first);
  assert.deepEqual(runningEncode([...lines, settled(4, 'worker-2', 'task-2')], VIDEO, at(5)), first);
  const over = [...lines, settled(4, 'worker-2', 'task-2'), settled(5, 'worker-1')];
  assert.equal(runningEncode(over, VIDEO, at(6)), undefined);
  assert.equal(runningEncode(lines, 'another', at(3)), undefined);
});

test('a task counts as lent again once its worker is missed and another one has it', () => {
  const killed = { worker: 'worker-2', taskId: 'task-1', killedMs: at(10) };
  const before = logLine('task_leased', 9, 'orchestrator', { ...task, worker: 'worker-2', leaseMs: 15_000 });
  const gone = logLine('worker_gone', 11.5, 'orchestrator', { ...task, worker: 'worker-2' });
  const again = logLine('task_leased', 12, 'orchestrator', {
    ...task,
    attempt: 2,
    worker: 'worker-3',
    leaseMs: 15_000,
  });
  assert.equal(lentAgain([before, gone], killed), undefined);
  assert.equal(lentAgain([before, again], killed), undefined);
  const { lines, ...told } = lentAgain([before, gone, again], killed) ?? assert.fail();
  assert.deepEqual(told, { to: 'worker-3', attempt: 2, noticedMs: 1500, lentMs: 2000 });
  assert.deepEqual(lines, [gone, again]);
});

test('a player has gone down and up once it fell after its best rung, and rose after that', () => {
  const switched = (from: string, to: string) => ({ from, to, segment: 0 });
  const [first, rise, fall, up] = [
    switched('v360', 'v240'),
    switched('v240', 'v720'),
    switched('v720', 'v360'),
    switched('v360', 'v480'),
  ];
  assert.deepEqual(downThenUp([first, rise], 'v720'), { down: undefined, up: undefined });
  assert.deepEqual(downThenUp([first, rise, fall], 'v720'), { down: fall, up: undefined });
  assert.deepEqual(downThenUp([first, rise, fall, up], 'v720'), { down: fall, up });
});

test('a session has moved once another edge has served it a segment', () => {
  const session = { sessionId: SESSION, videoId: VIDEO };
  const served = (seconds: number, edge: string): LogLine =>
    logLine('segment_served', seconds, edge, {
      ...session,
      kind: 'segment',
      rendition: 'v720',
      segment: 4,
      bytes: 1,
      status: 200,
      edge,
      durationMs: 2,
    });
  const moved = logLine('session_reassigned', 10.2, 'public', {
    ...session,
    from: 'edge-2',
    to: 'edge-1',
    reason: 'refused',
    tries: 2,
    bytes: 0,
  });
  const exit = logLine('child_exited', 10.1, 'up', {
    child: 'edge-2',
    exitCode: null,
    signal: 'SIGKILL',
    expected: false,
  });
  const killed = { sessionId: SESSION, edge: 'edge-2', killedMs: at(10) };
  const before = [served(1, 'edge-1'), served(9, 'edge-2')];
  assert.equal(servingEdge(before, SESSION), 'edge-2');
  assert.equal(movedFrom([...before, moved], killed), undefined);
  const { lines, ...told } = movedFrom([...before, moved, exit, served(10.4, 'edge-1')], killed) ?? assert.fail();
  assert.deepEqual(told, { to: 'edge-1', reason: 'refused', movedMs: 200 });
  assert.deepEqual(
    lines.map(({ event }) => event),
    ['child_exited', 'session_reassigned', 'segment_served'],
  );
});

test('lines of several logs come in order of time', () => {
  const lines = [settled(2, 'a'), settled(1, 'b'), settled(3, 'c')];
  assert.deepEqual(
    byTime(lines).map(({ node }) => node),
    ['b', 'a', 'c'],
  );
});
