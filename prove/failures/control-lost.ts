import { eventually } from '../../test/support/eventually.ts';
import { stalls, wrongInVideo, wrongInViewing } from './judge.ts';
import { lostLeases } from './judge-logs.ts';
import type { Scenario } from './scenario.ts';
import { view } from './view.ts';

export const orchestratorKilled: Scenario = {
  name: 'orchestrator-killed',
  done: 'The orchestrator is killed (`kill -9`) while two workers encode for it.',
  test: 'test/fault/demonstrations.test.ts',
  async run(platform) {
    const video = await platform.upload('orchestrator-killed');
    await platform.logged({ event: 'segment_stored', videoId: video.id, kind: 'encode' }, 0);
    const faultMs = await platform.signal('orchestrator', 'SIGKILL');
    const workers = ['worker-1', 'worker-2'];
    const back = workers.map((node) => platform.lapseMs(faultMs, { event: 'orchestrator_connected', node }));
    const recoveryMs = Math.max(...(await Promise.all(back)));
    const wrong = await wrongInVideo(platform, video);
    const lost = lostLeases(await platform.logs.lines(), video.id);
    return {
      faultMs,
      seen: `The workers came back to it, and the job went on to its end; leases lost: ${lost}.`,
      recoveryMs,
      until: 'both workers are connected again',
      lines: [
        { event: 'child_exited', child: 'orchestrator' },
        { event: 'orchestrator_unreachable', node: 'worker-1' },
        { event: 'child_started', child: 'orchestrator' },
        { event: 'role_started', node: 'orchestrator' },
        { event: 'worker_connected', worker: 'worker-1' },
        { event: 'orchestrator_connected', node: 'worker-1' },
        { event: 'orchestrator_connected', node: 'worker-2' },
        { event: 'task_done', videoId: video.id },
      ],
      wrong,
    };
  },
};

export const databaseRestarted: Scenario = {
  name: 'database-restarted',
  done: 'PostgreSQL is killed (`kill -9`) and started again by its supervisor, while a job runs and somebody watches.',
  test: 'test/fault/demonstrations.test.ts',
  async run(platform) {
    const { url, measures } = platform;
    const { id: watched } = await platform.watched();
    const video = await platform.upload('database-restarted');
    await platform.logged({ event: 'segment_stored', videoId: video.id, kind: 'encode' }, 0);
    const watching = view({ url, videoId: watched, pace: measures.pace, segments: 5 });
    const faultMs = await platform.signal('postgres', 'SIGKILL');
    await platform.logged({ event: 'child_started', child: 'postgres' }, faultMs);
    const refusals = await untilAnswered(`${url}/videos/${video.id}`);
    const recoveryMs = Date.now() - faultMs;
    const [viewing, wrongThere] = await Promise.all([watching, wrongInVideo(platform, video)]);
    const lost = lostLeases(await platform.logs.lines(), video.id);
    return {
      faultMs,
      seen: `The job went on to its end once it was back, leases lost: ${lost}; the viewer noticed nothing.`,
      recoveryMs,
      until: 'the API answers from it again',
      lines: [
        { event: 'child_exited', child: 'postgres' },
        { event: 'database_error', node: 'orchestrator' },
        { event: 'child_started', child: 'postgres' },
        { event: 'task_done', videoId: video.id },
        { event: 'segment_served', sessionId: viewing.sessionId },
      ],
      wrong: [
        ...wrongThere,
        ...refusals.filter((status) => status !== '503').map((status) => `the API answered ${status}`),
        ...(await wrongInViewing(platform, watched, viewing)),
        ...stalls(viewing),
      ],
    };
  },
};

/** Asks until there is an answer, and says what came instead. */
async function untilAnswered(url: string): Promise<string[]> {
  const refusals = new Set<string>();
  await eventually('the API answers', async () => {
    const answer = await fetch(url, { signal: AbortSignal.timeout(5_000) });
    await answer.text();
    if (!answer.ok) refusals.add(String(answer.status));
    return answer.ok;
  });
  return [...refusals];
}
