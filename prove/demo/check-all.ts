import { type System, systemSchema } from '../../src/main/system/system-schema.ts';
import type { Instance } from '../../test/support/instance.ts';
import { decodedFrames } from '../../test/support/media.ts';
import { CLIP_SECONDS, FRAMES_PER_SECOND } from './clip.ts';
import { excerpt } from './excerpt.ts';
import { WORKERS } from './start-instance.ts';
import type { Outcome } from './steps.ts';
import { until } from './until.ts';

/** What was killed was started again at once; an edge is asked for again after a few probes. */
const WELL_DEADLINE_MS = 60_000;

type Played = { readonly videoId: string; readonly rungs: readonly string[] };

/** After all that: each rung frame by frame, and each process. */
export async function checkEverything(
  instance: Instance,
  { videoId, rungs }: Played,
  signal: AbortSignal,
): Promise<Outcome<undefined>> {
  const frames = CLIP_SECONDS * FRAMES_PER_SECOND;
  const url = `${instance.url}/play/${videoId}`;
  const [hls, dash] = await Promise.all([decodedFrames(`${url}/index.m3u8`), decodedFrames(`${url}/manifest.mpd`)]);
  const wanted = rungs.map(() => frames).join();
  const isWell = async () => {
    const system = await systemOf(instance);
    return unwell(system).length === 0 ? system : undefined;
  };
  const { roles, edges, workers } = await until('all is well', isWell, { deadlineMs: WELL_DEADLINE_MS, signal });
  return {
    seen: `HLS: ${counted(hls)}; DASH: ${counted(dash)}, of ${frames} that there are; ${roles.length} processes well, ${edges.length} edges healthy, ${connectedOf(workers)} workers connected`,
    wrong: [
      ...(hls.join() === wanted ? [] : ['HLS lacks frames']),
      ...(dash.join() === wanted ? [] : ['DASH lacks frames']),
    ],
    gives: undefined,
  };
}

const counted = (frames: readonly number[]): string => `${frames.length} rungs of ${[...new Set(frames)]} frames`;

async function systemOf(instance: Instance): Promise<System> {
  return systemSchema.parse(await (await fetch(`${instance.url}/system`)).json());
}

function unwell({ roles, edges, workers }: System): string[] {
  return [
    ...roles.filter(({ status }) => status !== 'ok').map(({ name }) => name),
    ...edges.filter(({ standing }) => standing !== 'healthy').map(({ name }) => name),
    ...(connectedOf(workers) === WORKERS ? [] : ['workers']),
  ];
}

const connectedOf = (workers: System['workers']): number =>
  (workers ?? []).filter(({ disconnectedAt }) => disconnectedAt === null).length;

type Asked = { readonly videoId: string; readonly sessionId: string };

/** `millrace explain` of the video and of the session: does it tell of both kills? */
export async function explainBoth(instance: Instance, { videoId, sessionId }: Asked): Promise<Outcome<undefined>> {
  const ofVideo = (await instance.command('explain', videoId)).trimEnd().split('\n');
  const ofSession = (await instance.command('explain', sessionId)).trimEnd().split('\n');
  const inAll = (lines: readonly string[]): string => lines.find((line) => line.startsWith('In all: ')) ?? '';
  const isTold = (lines: readonly string[], what: RegExp): boolean => lines.some((line) => what.test(line));
  return {
    seen: `of the video: ${inAll(ofVideo)} Of the session: ${inAll(ofSession)}`,
    wrong: [
      ...(isTold(ofVideo, /failed after .* with worker_gone/) ? [] : ['the killed worker is not told of']),
      ...(isTold(ofSession, /keeps the session/) ? [] : ['the move of the session is not told of']),
    ],
    told: [excerpt(ofVideo).join('\n'), excerpt(ofSession).join('\n')],
    gives: undefined,
  };
}
