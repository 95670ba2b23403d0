import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { audioChunks, cutSound } from '../../src/domain/audio-chunks.ts';
import type { Captions } from '../../src/domain/captions.ts';
import type { VideoId } from '../../src/domain/ids.ts';
import { initKey, type ObjectKey, segmentKey, sourcePartKey, videoPrefix } from '../../src/domain/object-keys.ts';
import { offerOf } from '../../src/domain/offer.ts';
import { planJob } from '../../src/domain/plan-job.ts';
import { PART_SIZE_BYTES, partCount, type SourceRef } from '../../src/domain/source.ts';
import type { EncodeResult, JobPlan, StoredRendition } from '../../src/domain/tasks.ts';
import { silentLog } from '../../src/lib/log.ts';
import type { Read } from '../../src/main/verify/read-presentation.ts';
import { finalPlaylists } from '../../src/orchestrate/playlist-files.ts';
import { encodeAudio } from '../../src/transcode/encode-audio.ts';
import { type EncodeDeps, encodeChunk } from '../../src/transcode/encode-chunk.ts';
import { probeSource } from '../../src/transcode/probe-source.ts';
import { findSandbox } from '../../src/transcode/sandbox.ts';
import { SourceServer } from '../../src/transcode/source-server.ts';
import { MemoryObjectStore } from '../fakes/memory-object-store.ts';

const run = promisify(execFile);
const GENERATION = 1;
const VIDEO_ID = '0123456789abcdef' as VideoId;
/** Machines are slow and shared. */
export const TEST_DEADLINE_MS = 240_000;

/** Everything that a real transcoding needs, with a store in memory and clips in a folder that goes away. */
export type MediaBench = {
  readonly folder: string;
  readonly store: MemoryObjectStore;
  readonly deps: EncodeDeps;
  /** Makes a file with ffmpeg; the arguments stand between `-y` and the file name. */
  make(name: string, args: readonly string[]): Promise<string>;
  /** Stores a file as the source of the one video. */
  keep(path: string): Promise<SourceRef>;
  [Symbol.asyncDispose](): Promise<void>;
};

export async function mediaBench(signal = AbortSignal.timeout(TEST_DEADLINE_MS)): Promise<MediaBench> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-media-'));
  const store = new MemoryObjectStore();
  const sources = await SourceServer.start({ clock: { nowMs: () => Date.now() }, store, newToken: randomUUID });
  const sandbox = await findSandbox();
  return {
    folder,
    store,
    deps: { store, sources, sandbox, log: silentLog(), clock: { nowMs: () => performance.now() }, signal },
    async make(name, args) {
      const path = join(folder, name);
      await run('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...args, path]);
      return path;
    },
    async keep(path) {
      const bytes = await readFile(path);
      for (let part = 0; part < partCount(bytes.length); part++) {
        const piece = bytes.subarray(part * PART_SIZE_BYTES, (part + 1) * PART_SIZE_BYTES);
        await store.put(sourcePartKey({ videoId: VIDEO_ID, part }), piece, { contentType: 'application/octet-stream' });
      }
      return { videoId: VIDEO_ID, sizeBytes: bytes.length };
    },
    async [Symbol.asyncDispose]() {
      await sources[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

export const probe = (source: SourceRef, { deps }: MediaBench) =>
  probeSource({ kind: 'probe', source, generation: GENERATION }, deps);

export type Encoded = { readonly plan: JobPlan; readonly source: SourceRef; readonly results: readonly EncodeResult[] };

/** Probes, plans and encodes a file, one task after the other. `adjust` may change the plan, say to lossless. */
export async function encodeFile(
  path: string,
  bench: MediaBench,
  adjust = (plan: JobPlan): JobPlan => plan,
): Promise<Encoded> {
  const source = await bench.keep(path);
  const plan = adjust(planJob(await probe(source, bench)));
  const of = { source, generation: GENERATION };
  const results: EncodeResult[] = [];
  for (const chunk of plan.chunks) {
    const { grid, rungs } = plan;
    const track = plan.facts.video;
    if (!grid || !track) throw new Error('chunks without a video');
    results.push(await encodeChunk({ kind: 'encode', ...of, track, grid, rungs, chunk }, bench.deps));
  }
  for (const audio of plan.audio) {
    for (const chunk of audioChunks(audio))
      results.push(await encodeAudio({ kind: 'audio', ...of, plan: audio, chunk }, bench.deps));
  }
  return { plan, source, results };
}

/** Lossless, so that what comes out can be compared picture by picture with what went in. */
export const lossless = (plan: JobPlan): JobPlan => ({
  ...plan,
  rungs: plan.rungs.map((rung) => ({ ...rung, crf: 0 })),
});

/** Sound in chunks of as few seconds as a test has time for. */
export const soundInChunks =
  (seconds: number) =>
  (plan: JobPlan): JobPlan => ({ ...plan, audio: plan.audio.map((audio) => cutSound(audio, seconds)) });

/** All that was stored of one rendition, in order. */
export function renditionOf({ results }: Encoded, rendition: string): StoredRendition[] {
  return results.flatMap(({ renditions }) => renditions.filter((one) => one.rendition === rendition));
}

/** Writes a rendition as a player would join it: the init and every segment after another. */
export async function joinRendition(encoded: Encoded, rendition: string, bench: MediaBench): Promise<string> {
  const of = { videoId: VIDEO_ID, generation: GENERATION, rendition };
  const segments = renditionOf(encoded, rendition).flatMap((part) => part.segments);
  const keys = [initKey(of), ...segments.map(({ segment }) => segmentKey({ ...of, segment }))];
  const path = join(bench.folder, `joined-${rendition}.mp4`);
  await writeFile(path, Buffer.concat(await Promise.all(keys.map((key) => bytesOf(key, bench)))));
  return path;
}

/** What players would read of it, were it published. */
export function presentationOf(
  { plan, results }: Encoded,
  bench: MediaBench,
  captions: readonly Captions[] = [],
): Read {
  const made = results.flatMap(({ renditions }) => renditions);
  const files = finalPlaylists(VIDEO_ID, offerOf(GENERATION, plan, made), captions);
  const texts = new Map(files.map(({ key, text }) => [key.replace(videoPrefix({ videoId: VIDEO_ID }), ''), text]));
  return async (path) => {
    const text = texts.get(path);
    return text === undefined
      ? bytesOf(`videos/${VIDEO_ID}/${path}` as ObjectKey, bench)
      : new TextEncoder().encode(text);
  };
}

async function bytesOf(key: ObjectKey, { store }: MediaBench): Promise<Uint8Array> {
  const object = await store.read(key);
  if (!object) throw new Error(`${key} is not in the store`);
  return object.bytes;
}

export type Picture = { readonly ticks: number; readonly md5: string };

/** Every picture that comes out of a filter graph (`[0:v]…[o]`) over a file, with its time. */
export async function picturesOf(path: string, graph = '[0:v]null[o]'): Promise<Picture[]> {
  const args = ['-nostdin', '-v', 'quiet', '-copyts', '-i', path, '-filter_complex', graph, '-map', '[o]'];
  const { stdout } = await run('ffmpeg', [...args, '-fps_mode', 'passthrough', '-f', 'framemd5', '-'], {
    maxBuffer: 1 << 26,
  });
  const lines = stdout.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => {
    const fields = line.split(',').map((field) => field.trim());
    return { ticks: Number(fields[2]), md5: fields[5] ?? '' };
  });
}

/** Timestamps of all packets of the only track, in the order of presentation, in ticks of its timescale. */
export async function packetTicks(path: string): Promise<number[]> {
  const { stdout } = await run('ffprobe', ['-v', 'error', '-show_entries', 'packet=pts', '-of', 'csv=p=0', path], {
    maxBuffer: 1 << 24,
  });
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => Number.parseInt(line, 10))
    .sort((a, b) => a - b);
}

/** Decoded samples of the first channel at 48 kHz, from the given time of the file on. */
export async function samplesFrom(originSeconds: string, path: string): Promise<Float32Array> {
  const onTime = `asetpts=PTS-(${originSeconds})/TB,aresample=48000:async=1000:first_pts=0:flags=res`;
  const graph = `[0:a]${onTime},pan=mono|c0=c0,aformat=sample_fmts=flt[o]`;
  const input = ['-nostdin', '-v', 'error', '-copyts', '-i', path];
  const { stdout } = await run('ffmpeg', [...input, '-filter_complex', graph, '-map', '[o]', '-f', 'f32le', '-'], {
    encoding: 'buffer',
    maxBuffer: 1 << 28,
  });
  // Copied, since the samples need an aligned start.
  return new Float32Array(Uint8Array.from(stdout).buffer, 0, Math.floor(stdout.byteLength / 4));
}

/** By how many samples `late` comes after `early`, up to 100 ms, judged by a second of sound after the first. */
export function lagOf(late: Float32Array, early: Float32Array): number {
  const RANGE = 4800;
  const scores = Array.from({ length: 2 * RANGE + 1 }, (_, i) => correlation(late, early, i - RANGE));
  return scores.indexOf(Math.max(...scores)) - RANGE;
}

function correlation(late: Float32Array, early: Float32Array, lag: number): number {
  let sum = 0;
  for (let i = 48_000; i < 96_000; i += 3) sum += (early[i] ?? 0) * (late[i + lag] ?? 0);
  return sum;
}
