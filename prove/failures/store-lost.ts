import { setTimeout as delay } from 'node:timers/promises';
import { timeText } from '../../src/main/explain/words.ts';
import { stalls, wrongInVideo, wrongInViewing } from './judge.ts';
import { usedAttempts } from './judge-logs.ts';
import { timeOf } from './log-tail.ts';
import type { Platform } from './platform.ts';
import type { Scenario, Shown } from './scenario.ts';
import { backAfter, lostBytes, send } from './send.ts';
import { type Viewing, view } from './view.ts';

const MiB = 1024 * 1024;

export const storeAway: Scenario = {
  name: 'store-away',
  done: 'The object store goes away while a job runs and somebody watches, and comes back.',
  test: 'test/fault/demonstrations.test.ts',
  async run(platform) {
    const { storeAwayMs } = platform.measures;
    const watched = await warmVideo(platform);
    const video = await platform.upload('store-away');
    await platform.logged({ event: 'segment_stored', videoId: video.id, kind: 'encode' }, 0);
    const viewing = await begunViewing(platform, watched);
    const faultMs = Date.now();
    await platform.store.takeAway();
    await delay(storeAwayMs);
    const backMs = Date.now();
    await platform.store.bringBack();
    const paused = await platform.logged({ event: 'task_paused', videoId: video.id }, faultMs);
    const next = { taskId: paused.taskId, attempt: Number(paused.attempt) + 1 };
    const stored = await platform.logged({ event: 'segment_stored', videoId: video.id }, backMs);
    const watching = await viewing.ended;
    const wrong = [...(await wrongInVideo(platform, video)), ...(await wrongInViewing(platform, watched, watching))];
    wrong.push(...usedAttempts(await platform.logs.lines(), video.id), ...stalls(watching));
    return {
      faultMs,
      seen: `For ${timeText(storeAwayMs)} the job waited, which used up no attempt; who watched played on from the edge's cache.`,
      recoveryMs: timeOf(stored) - backMs,
      until: 'the next segment is stored, from the return of the store',
      lines: [
        { event: 'task_paused', videoId: video.id },
        { event: 'store_paused' },
        { event: 'segment_served', sessionId: watching.sessionId },
        { event: 'store_resumed' },
        { event: 'task_leased', ...next },
        { event: 'segment_stored', time: stored.time },
        { event: 'task_done', taskId: next.taskId },
      ],
      wrong,
    };
  },
};

export const diskFull: Scenario = {
  name: 'disk-full',
  done: 'The disk with the objects and the caches of the edges is full to the last byte while a job and an upload run and somebody watches, until space is made.',
  test: 'test/fault/demonstrations.test.ts',
  async run(platform) {
    if (platform.disk.trouble !== undefined) return notShown(platform.disk.trouble);
    const watched = await warmVideo(platform);
    const video = await platform.upload('disk-full');
    await platform.logged({ event: 'segment_stored', videoId: video.id, kind: 'encode' }, 0);
    const viewing = await begunViewing(platform, watched);
    const source = platform.source('disk-full-upload', 24 * MiB);
    const full = Promise.withResolvers<number>();
    let faultMs = 0;
    const onStored = (): void => {
      if (faultMs > 0) return;
      faultMs = Date.now();
      platform.disk.fill();
      full.resolve(faultMs);
    };
    const sending = send(source.bytes, { url: platform.url, name: source.name, onStored });
    await Promise.race([full.promise, sending]);
    await delay(platform.measures.diskFullMs);
    const freedMs = Date.now();
    await platform.disk.free();
    const [sent, watching] = await Promise.all([sending, viewing.ended]);
    const wrong = await Promise.all([
      wrongInVideo(platform, video),
      wrongInVideo(platform, { id: sent.videoId, source }),
      wrongInViewing(platform, watched, watching),
    ]);
    wrong.push(usedAttempts(await platform.logs.lines(), video.id));
    if (sent.retries === 0) wrong.push(['the upload was never refused']);
    return {
      faultMs,
      seen: `The upload was answered 503, and kept all that had been acknowledged; the job waited without using up an attempt; who watched noticed nothing. After ${timeText(platform.measures.diskFullMs)} space was made, and all went on by itself.`,
      recoveryMs: (backAfter(sent, freedMs)?.wallMs ?? 0) - freedMs,
      until: 'the upload goes on, from when there is space',
      lines: [
        { event: 'task_paused', videoId: video.id },
        { event: 'store_paused' },
        { event: 'upload_broken_off', videoId: sent.videoId },
        { event: 'segment_served', sessionId: watching.sessionId },
        { event: 'store_resumed' },
        { event: 'upload_resumed', videoId: sent.videoId },
        { event: 'upload_completed', videoId: sent.videoId },
      ],
      wrong: [...wrong.flat(), ...lostBytes(sent), ...stalls(watching)],
    };
  },
};

const notShown = (trouble: string): Shown => ({
  faultMs: 0,
  seen: 'Nothing.',
  recoveryMs: 0,
  until: 'nothing',
  lines: [],
  wrong: [`no small disk can be mounted here, which takes root on Linux: ${trouble}`],
});

/** Played once, so that an edge holds all of it. */
async function warmVideo(platform: Platform): Promise<string> {
  const { id: videoId } = await platform.watched();
  await view({ url: platform.url, videoId, pace: Number.POSITIVE_INFINITY });
  return videoId;
}

/** Returns when playing has begun. */
async function begunViewing({ url, measures }: Platform, videoId: string): Promise<{ ended: Promise<Viewing> }> {
  const begun = Promise.withResolvers<void>();
  const onSegment = (segment: number): void => void (segment > 0 && begun.resolve());
  const ended = view({ url, videoId, pace: measures.pace, onSegment });
  await Promise.race([begun.promise, ended]);
  return { ended };
}
