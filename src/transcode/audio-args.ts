import type { AudioSpan } from '../domain/audio-chunks.ts';
import type { AudioPlan } from '../domain/tasks.ts';
import { guardedInput, onTime, QUIET, REPEATABLE, WHATEVER_DECODES } from './ffmpeg-args.ts';

export type AudioRun = {
  readonly url: string;
  readonly plan: AudioPlan;
  /** What is encoded. */
  readonly span: AudioSpan;
  /** How far before the span decoding starts; unset, at the beginning of the file. */
  readonly seekBackSeconds?: number;
};

/** A span of a track as AAC in fragmented MP4, to pipe 3; exactly as long as the span. */
export function audioArgs(run: AudioRun): string[] {
  const { url, plan } = run;
  return [
    ...[...QUIET, ...WHATEVER_DECODES],
    ...['-filter_complex_threads', '1', '-copyts', '-threads', '1', ...seek(run)],
    ...['-vn', '-sn', '-dn', ...guardedInput(), '-i', url],
    ...['-filter_complex', plan.chunkSegments === undefined ? wholeGraph(run) : chunkGraph(run)],
    ...['-map', '[a]', ...REPEATABLE],
    ...['-c:a', 'aac', '-b:a', String(plan.bitrateBps), '-threads', '1'],
    // frag_discont: the first fragment tells where the sound begins that was found.
    ...['-f', 'mp4', '-movflags', '+cmaf+delay_moov+skip_trailer+frag_discont', '-frag_duration', '1000000'],
    ...['-use_editlist', '0', 'pipe:3'],
  ];
}

const LAYOUT = 'aformat=sample_fmts=fltp:channel_layouts=stereo';

function wholeGraph({ plan, span }: AudioRun): string {
  return [
    `[0:${plan.track.streamIndex}]${onTime('asetpts', plan.originSeconds, plan.track.jumps)}`,
    // flags=res: without it the first correction of uneven times makes swresample (5.1) begin anew, with silence.
    `aresample=${plan.sampleRateHz}:async=1000:first_pts=0:flags=res`,
    LAYOUT,
    `apad,atrim=end_sample=${span.endSample},asetpts=N/SR/TB[a]`,
  ].join(',');
}

/** Below this, time and samples are in step but for rounding. */
const IN_STEP_SECONDS = 0.000_05;

/**
 * Where each sample goes follows from its time alone and not from what came before, so that all chunks agree: what is
 * missing becomes silence and what is too much is cut, instead of being evened out by and by. Resampling begins with a
 * whole second, at which samples of any two rates coincide.
 */
function chunkGraph(run: AudioRun): string {
  const { plan, span, seekBackSeconds } = run;
  const fromSecond = resampledFrom(run);
  // After a seek, sound that begins too late must not pass for silence: its time is seen in the output.
  const fill = seekBackSeconds === undefined ? `:first_pts=${fromSecond * plan.sampleRateHz}` : '';
  const inStep = `async=1:min_comp=${IN_STEP_SECONDS}:min_hard_comp=${IN_STEP_SECONDS}`;
  return [
    `[0:${plan.track.streamIndex}]${onPackets(plan)},atrim=start=${fromSecond}`,
    `aresample=${plan.sampleRateHz}:${inStep}${fill}:flags=res`,
    LAYOUT,
    `apad,atrim=start_pts=${span.startSample}:end_pts=${span.endSample}[a]`,
  ].join(',');
}

/**
 * Puts sound where its packet belongs: times in whole milliseconds are off by up to 24 samples. Of the first samples,
 * some may be cut off that the encoder had put there, so they are placed by their end; the last ones may lack some, too.
 */
function onPackets({ originSeconds, track }: AudioPlan): string {
  const { packetSamples = 1, startSeconds = '0' } = track.steady ?? {};
  const at = `PTS-(${originSeconds})/TB`;
  if (packetSamples === 1) return `asetpts='floor(${at}+0.5)'`;
  const first = `((${startSeconds})-(${originSeconds}))/TB`;
  const toEdge = 'if(N,0,NB_SAMPLES)';
  return `asetpts='floor(${first}+${packetSamples}*round((${at}+${toEdge}-${first})/${packetSamples})-${toEdge}+0.5)'`;
}

/** Sound that has ended before the span is looked for where it ends: silence is made from there on. */
const resampledFrom = ({ plan, span }: Pick<AudioRun, 'plan' | 'span'>): number => {
  const { startSeconds, durationSeconds } = plan.track;
  const lastSeconds = Number(startSeconds) - Number(plan.originSeconds) + durationSeconds - 1;
  return Math.max(0, Math.floor(Math.min(span.startSample / plan.sampleRateHz, lastSeconds)));
};

function seek(run: AudioRun): string[] {
  const at = seekSeconds(run);
  return at === undefined ? [] : ['-noaccurate_seek', '-seek_timestamp', '1', '-ss', at.toFixed(6)];
}

const seekSeconds = ({ seekBackSeconds, ...run }: AudioRun): number | undefined =>
  seekBackSeconds === undefined ? undefined : Number(run.plan.originSeconds) + resampledFrom(run) - seekBackSeconds;

/**
 * The tries at finding the start of a span, as seconds before it: without an index a seek may land anywhere near, and
 * the sound may lie apart from the picture in the file. The last try begins with the file, where nothing can be missed.
 */
export function seeksBack({ plan, span }: Pick<AudioRun, 'plan' | 'span'>): (number | undefined)[] {
  if (plan.chunkSegments === undefined) return [undefined];
  return [...SEEKS_BACK_SECONDS.filter((seconds) => seconds < resampledFrom({ plan, span })), undefined];
}

const SEEKS_BACK_SECONDS = [3, 30];
