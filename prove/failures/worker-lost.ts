import { timeText } from '../../src/main/explain/words.ts';
import { interrupt } from './interrupt.ts';
import { wrongInVideo } from './judge.ts';
import { storedAfterLoss } from './judge-logs.ts';
import { timeOf } from './log-tail.ts';
import type { Scenario } from './scenario.ts';

export const workerKilled: Scenario = {
  name: 'worker-killed',
  done: 'A worker is killed (`kill -9`) in the middle of a chunk.',
  test: 'test/fault/real-ffmpeg.test.ts',
  async run(platform) {
    const video = await platform.upload('worker-killed');
    const { worker, taskId, attempt } = await interrupt(platform, video);
    const faultMs = await platform.signal(worker, 'SIGKILL');
    const next = { taskId, attempt: attempt + 1 };
    const again = await platform.logged({ event: 'task_leased', ...next }, faultMs);
    const wrong = await wrongInVideo(platform, video);
    return {
      faultMs,
      seen: `${again.worker} took the chunk of ${worker} and went on behind its last whole segment.`,
      recoveryMs: timeOf(again) - faultMs,
      until: 'another worker has the chunk',
      lines: [
        { event: 'child_exited', child: worker },
        { event: 'worker_disconnected', worker },
        { event: 'worker_gone', taskId, attempt },
        { event: 'task_failed', taskId, attempt, role: 'orchestrator' },
        { event: 'task_leased', ...next },
        { event: 'segments_reused', ...next },
        { event: 'task_done', ...next },
      ],
      wrong,
    };
  },
};

export const workerHung: Scenario = {
  name: 'worker-hung',
  done: 'A worker hangs (`SIGSTOP`) in the middle of a chunk, and wakes up after another one has it.',
  test: 'test/fault/real-ffmpeg.test.ts',
  async run(platform) {
    const video = await platform.upload('worker-hung');
    const { worker, taskId, attempt, frozenMs: faultMs } = await interrupt(platform, video);
    const next = { taskId, attempt: attempt + 1 };
    const again = await platform.logged({ event: 'task_leased', ...next }, faultMs);
    const wokenMs = await platform.signal(worker, 'SIGCONT');
    await platform.logged({ event: 'lease_lost', node: worker }, wokenMs);
    const wrong = await wrongInVideo(platform, video);
    const late = storedAfterLoss(await platform.logs.lines(), { taskId, attempt, worker });
    return {
      faultMs,
      seen: `${again.worker} took the chunk when the lease of ${timeText(platform.measures.leaseMs)} was over; ${worker} woke up, found its lease lost, and stored nothing more of it from then on.`,
      recoveryMs: timeOf(again) - faultMs,
      until: 'another worker has the chunk',
      lines: [
        { event: 'lease_expired', taskId, attempt },
        { event: 'task_failed', taskId, attempt, role: 'orchestrator' },
        { event: 'task_leased', ...next },
        { event: 'segments_reused', ...next },
        { event: 'lease_lost', node: worker },
        { event: 'task_done', ...next },
      ],
      wrong: [...wrong, ...late],
    };
  },
};
