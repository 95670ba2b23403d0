import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobPlan } from '../../src/domain/tasks.ts';
import { beeps, type Held, type Marks, rateOf, stripes } from './marked-clip.ts';
import type { MediaBench } from './media-bench.ts';

/** One kind of input: how to make a small one, and exactly what has to come out of it. */
export type MatrixRow = {
  readonly name: string;
  /** What is decided about it, in a few words for the documents. */
  readonly decision: string;
  readonly make: (bench: MediaBench) => Promise<string>;
  /** Frames of each rung; absent for sound alone. */
  readonly frames?: number;
  readonly rate?: string;
  readonly sizes?: readonly string[];
  /** The frame that output frame i shows; the same one unless said. */
  readonly shows?: (i: number) => number;
  readonly held?: Held;
  readonly audio?: readonly string[];
  /** Seconds of each audio rendition, where no picture sets them. */
  readonly audioSeconds?: number;
  /** When the beeps are to be heard, in seconds of the output; with their frames unless said. */
  readonly beepsAt?: readonly number[];
  readonly check?: (plan: JobPlan, joined: (rendition: string) => Promise<string>) => Promise<void> | void;
};

export const MARKS_25: Marks = { rate: rateOf(25), frames: 130 };
export const PICTURE = stripes(MARKS_25);
export const SOUND = beeps(MARKS_25);
export const X264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-threads', '1'];
export const AAC = ['-c:a', 'aac'];
export const usual = { frames: 130, rate: '25/1', sizes: ['320x180'], audio: ['a-und'] } as const;

/** A file that one run of ffmpeg makes. */
export const made =
  (file: string, ...args: readonly string[]) =>
  (bench: MediaBench): Promise<string> =>
    bench.make(file, args);

/** Files put one after the other, as recorders and broadcasters do. */
export const joined =
  (name: string, ...parts: readonly (readonly string[])[]) =>
  async (bench: MediaBench) => {
    const files = await Promise.all(parts.map((args, i) => bench.make(`part${i}-${name}`, args)));
    const path = join(bench.folder, name);
    await writeFile(path, Buffer.concat(await Promise.all(files.map((file) => readFile(file)))));
    return path;
  };
