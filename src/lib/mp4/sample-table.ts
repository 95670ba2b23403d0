import { makeBox, makeFullBox, uint32 } from './box.ts';
import type { Fragment } from './fragment.ts';

/** Equal values in a row, as `stts`, `ctts` and `stsc` count them. */
type Run = { count: number; readonly value: number };

/** The samples of a track, gathered fragment by fragment (ISO/IEC 14496-12, section 8.6 and 8.7). Each is a chunk. */
export class SampleTable {
  readonly #durations: Run[] = [];
  readonly #offsets: Run[] = [];
  readonly #chunks: Run[] = [];
  readonly #sizes: number[] = [];
  readonly #syncs: number[] = [];
  #startTicks: number | undefined;
  durationTicks = 0;

  /** @throws Error where it does not go on where the one before it ended. */
  add({ decodeTicks, samples }: Fragment): void {
    this.#startTicks ??= decodeTicks;
    const dueTicks = this.#startTicks + this.durationTicks;
    if (decodeTicks !== dueTicks) throw new Error(`a fragment starts at tick ${decodeTicks}, not at ${dueTicks}`);
    addToRun(this.#chunks, samples.length);
    for (const { durationTicks, sizeBytes, isSync, offsetTicks } of samples) {
      addToRun(this.#durations, durationTicks);
      addToRun(this.#offsets, offsetTicks);
      this.#sizes.push(sizeBytes);
      if (isSync) this.#syncs.push(this.#sizes.length);
      this.durationTicks += durationTicks;
    }
  }

  /** How long after its decoding the first sample is shown. */
  get leadTicks(): number {
    return this.#offsets[0]?.value ?? 0;
  }

  /** All that stands in `stbl`, but for what the samples are (`stsd`) and where their chunks lie. */
  boxes(): Buffer[] {
    const hasOffsets = this.#offsets.some(({ value }) => value !== 0);
    const isAllSync = this.#syncs.length === this.#sizes.length;
    return [
      counted('stts', this.#durations.length, pairs(this.#durations)),
      ...(hasOffsets ? [counted('ctts', this.#offsets.length, pairs(this.#offsets))] : []),
      ...(isAllSync ? [] : [counted('stss', this.#syncs.length, this.#syncs)]),
      counted('stsc', this.#chunks.length, chunkRuns(this.#chunks)),
      makeFullBox('stsz', 0, 0, uint32(0, this.#sizes.length), bytesOf(this.#sizes)),
    ];
  }
}

/** Where the chunks of a track lie in the file. */
export function chunkOffsets(offsets: readonly number[], isWide: boolean): Buffer {
  if (!isWide) return counted('stco', offsets.length, offsets);
  const halves = offsets.flatMap((offset) => [Math.floor(offset / 2 ** 32), offset % 2 ** 32]);
  return counted('co64', offsets.length, halves);
}

function addToRun(runs: Run[], value: number): void {
  const last = runs.at(-1);
  if (last?.value === value) last.count += 1;
  else runs.push({ count: 1, value });
}

const pairs = (runs: readonly Run[]): number[] => runs.flatMap(({ count, value }) => [count, value]);

/** First chunk of each run, samples in each of its chunks, the only sample entry. */
function chunkRuns(runs: readonly Run[]): number[] {
  let firstChunk = 1;
  return runs.flatMap(({ count, value }) => {
    const run = [firstChunk, value, 1];
    firstChunk += count;
    return run;
  });
}

const counted = (type: string, count: number, values: readonly number[]): Buffer =>
  makeBox(type, uint32(0, count), bytesOf(values));

/** Millions of values: more than a call takes as arguments. */
function bytesOf(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value, 4 * i);
  return bytes;
}
