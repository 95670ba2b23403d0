import { setTimeout as delay } from 'node:timers/promises';
import type { VideoId } from '../../src/domain/ids.ts';
import { cancelLatestJob, editRows, retryLatestJob } from './by-hand.ts';
import type { Stack } from './stack.ts';
import type { Fault, Story } from './story.ts';
import { uploadVideo } from './upload-video.ts';

/** What was done to a stack, for whoever judges what came of it. */
export type Told = {
  readonly story: Story;
  readonly videoIds: readonly VideoId[];
  /** Videos whose rows were changed behind everybody's back. */
  readonly edited: ReadonlySet<VideoId>;
  readonly cancelled: ReadonlySet<VideoId>;
  /** When a process that logs, or the database that it waits for, ended without a last word. */
  readonly killedAtMs: readonly number[];
  readonly workersBroken: number;
};

/** Uploads the videos of a story and breaks what it says, when it says so. Then everything works again. */
export async function playStory(story: Story, stack: Stack): Promise<Told> {
  const edited = new Set<VideoId>();
  const cancelled = new Set<VideoId>();
  const killedAtMs: number[] = [];
  const uploads = story.videos.map(async ({ atMs, seconds }) => {
    await delay(atMs);
    return uploadVideo(stack, seconds);
  });
  const byHand = async (fault: HandFault): Promise<void> => {
    const videoId = await uploads[fault.video]!;
    if (fault.kind === 'row_edited') {
      edited.add(videoId);
      return editRows(stack, videoId, fault);
    }
    cancelled.add(videoId);
    await cancelLatestJob(stack, videoId);
    if (fault.kind === 'job_retried') await retryLatestJob(stack, videoId);
  };
  const faults = story.faults.map(async ({ atMs, fault }) => {
    await delay(atMs);
    if ('video' in fault) return byHand(fault);
    if (fault.kind.endsWith('_killed')) killedAtMs.push(Date.now());
    await breakFor(fault, stack);
  });
  const videoIds = await Promise.all(uploads);
  await Promise.all(faults);
  await stack.heal();
  const workersBroken = story.faults.filter(({ fault }) => 'worker' in fault).length;
  return { story, videoIds, edited, cancelled, killedAtMs, workersBroken };
}

type HandFault = Extract<Fault, { video: number }>;
type MachineFault = Exclude<Fault, HandFault>;

async function breakFor(fault: MachineFault, stack: Stack): Promise<void> {
  const mend = await breakNow(fault, stack);
  await delay(fault.forMs);
  await mend();
}

/** Breaks one thing and says how it is mended. */
async function breakNow(fault: MachineFault, stack: Stack): Promise<() => unknown> {
  if (fault.kind === 'database_killed') {
    await stack.database.kill();
    return () => stack.database.up();
  }
  if (fault.kind === 'store_away') {
    await stack.store.takeAway();
    return () => stack.store.bringBack();
  }
  if (fault.kind === 'worker_cut') {
    const lines = stack.workers[fault.worker]!.lines;
    for (const line of lines) line.cut();
    return () => {
      for (const line of lines) line.mend();
    };
  }
  const process = 'worker' in fault ? stack.workers[fault.worker]!.process : stack.orchestrators[fault.orchestrator]!;
  if (fault.kind.endsWith('_frozen')) {
    process.freeze();
    return () => process.thaw();
  }
  if (fault.kind.endsWith('_killed')) await process.kill();
  else await process.terminate();
  return () => process.start();
}
