import type { Instance } from '../../test/support/instance.ts';
import { childPid } from '../../test/support/processes.ts';
import type { Outcome } from './steps.ts';
import { byTime, type Encode, endOfTask, lentAgain, runningEncode } from './stories.ts';
import { until } from './until.ts';
import type { Uploaded } from './upload-with-break.ts';

/** A probe and a trial come before the first encode. */
const ENCODE_DEADLINE_MS = 120_000;
/** Twice the lease, by which even a worker that nobody misses is missed. */
const RECOVERY_DEADLINE_MS = 30_000;
/** Ten times what two free cores need. */
const JOB_DEADLINE_MS = 10 * 60_000;

/** SIGKILL to a worker that encodes, until its task is with another one. */
export async function killWorker(
  instance: Instance,
  { videoId, completedMs }: Uploaded,
  signal: AbortSignal,
): Promise<Outcome<Encode>> {
  const logs = async () => byTime(await instance.logs());
  const encode = await until('a worker encodes', async () => runningEncode(await logs(), videoId, Date.now()), {
    deadlineMs: ENCODE_DEADLINE_MS,
    signal,
  });
  const pid = await childPid(instance, encode.worker);
  const killedMs = Date.now();
  process.kill(pid, 'SIGKILL');
  const again = await until('the task is lent again', async () => lentAgain(await logs(), { ...encode, killedMs }), {
    deadlineMs: RECOVERY_DEADLINE_MS,
    signal,
  });
  return {
    seen: `${encode.worker} killed ${seconds(killedMs - completedMs)} after the upload, in task ${short(encode.taskId)}; missed after ${seconds(again.noticedMs)}, the task lent to ${again.to} after ${seconds(again.lentMs)} as attempt ${again.attempt}`,
    lines: again.lines,
    gives: encode,
  };
}

const LEAST_RUNGS = 3;

/** The names of the rungs. */
export async function processVideo(
  instance: Instance,
  { videoId, completedMs }: Uploaded,
  killed: Encode,
  signal: AbortSignal,
): Promise<Outcome<readonly string[]>> {
  const isOver = async () => {
    const video = await instance.video(videoId);
    return video.state === 'ready' || video.state === 'failed' ? video : undefined;
  };
  const video = await until('the job is over', isOver, { deadlineMs: JOB_DEADLINE_MS, signal });
  if (video.state === 'failed') throw new Error(`the video failed: ${JSON.stringify(video.error)}`);
  const tookMs = Date.now() - completedMs;
  const lines = byTime(await instance.logs());
  const end = endOfTask(lines, killed.taskId);
  // Ends with 1, and so throws, where a player could fail on anything.
  const verified = (await instance.command('verify', videoId, '--url', instance.url)).trim();
  const names = video.renditions.map(({ name }) => name);
  const rungs = names.filter((name) => name.startsWith('v'));
  return {
    seen: `ready ${seconds(tookMs)} after the upload: ${names.join(', ')}; task ${short(killed.taskId)} done in attempt ${end?.attempt}; millrace verify: ${verified
      .split('\n')
      .at(-1)
      ?.replace(/^\w+: /, '')}`,
    wrong: [
      ...(rungs.length < LEAST_RUNGS ? [`only ${rungs.length} rungs`] : []),
      ...(end ? [] : [`no line says that task ${killed.taskId} was done`]),
    ],
    lines: lines.filter(
      ({ event, videoId: of }) => of === videoId && (event === 'job_planned' || event === 'video_published'),
    ),
    told: [verified],
    gives: rungs,
  };
}

/** The same bytes again make no second video. */
export async function uploadAgain(instance: Instance, file: string, videoId: string): Promise<Outcome<undefined>> {
  const { id, status, created } = await instance.upload(file, 'Under another name.mp4');
  const { videos } = (await (await fetch(`${instance.url}/videos`)).json()) as { videos: readonly unknown[] };
  const isSame = id === videoId && !created && videos.length === 1;
  return {
    seen: `${status}, created: ${created}, id ${id}; ${videos.length} video in the library`,
    wrong: isSame ? [] : ['the same bytes became another video'],
    lines: (await instance.logs()).filter(({ event }) => event === 'upload_duplicate'),
    gives: undefined,
  };
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
const short = (id: string): string => id.slice(0, 8);
