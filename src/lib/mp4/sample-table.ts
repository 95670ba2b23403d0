import { makeFullBox, uint32 } from './box.ts';
import type { Fragment } from './fragment.ts';

/** Equal values in a row, as `stts` and `ctts` count them: count, value, count, value… A long film has millions. */
type Runs = number[];

/** The samples of a track, gathered fragment by fragment (ISO/IEC 14496-12, section 8.6 and 8.7). Each is a chunk. */
export class SampleTable {
  readonly #durations: Runs = [];
  readonly #offsets: Runs = [];
  readonly #chunks: Runs = [];
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
    return this.#offsets[1] ?? 0;
  }

  /** All that stands in `stbl`, but for what the samples are (`stsd`) and where their chunks lie. */
  boxes(): Buffer[] {
    const hasOffsets = this.#offsets.length > 2 || this.leadTicks !== 0;
    const isAllSync = this.#syncs.length === this.#sizes.length;
    return [
      counted('stts', this.#durations, 2),
      ...(hasOffsets ? [counted('ctts', this.#offsets, 2)] : []),
      ...(isAllSync ? [] : [counted('stss', this.#syncs)]),
      counted('stsc', chunkRuns(this.#chunks), 3),
      makeFullBox('stsz', 0, 0, uint32(0, this.#sizes.length), bytesOf(this.#sizes)),
    ];
  }
}

/** Where the chunks of a track lie in the file. */
export function chunkOffsets(offsets: readonly number[], isWide: boolean): Buffer {
  if (!isWide) return counted('stco', offsets);
  const halves = offsets.flatMap((offset) => [Math.floor(offset / 2 ** 32), offset % 2 ** 32]);
  return counted('co64', halves, 2);
}

function addToRun(runs: Runs, value: number): void {
  const count = runs.at(-2) ?? 0;
  if (count > 0 && runs.at(-1) === value) runs[runs.length - 2] = count + 1;
  else runs.push(1, value);
}

/** First chunk of each run, samples in each of its chunks, the only sample entry. */
function chunkRuns(runs: Runs): number[] {
  const entries: number[] = [];
  let firstChunk = 1;
  for (let i = 0; i < runs.length; i += 2) {
    const [count = 0, samples = 0] = runs.slice(i, i + 2);
    entries.push(firstChunk, samples, 1);
    firstChunk += count;
  }
  return entries;
}

/** A table whose entries have a number of fields each. */
const counted = (type: string, values: readonly number[], fields = 1): Buffer =>
  makeFullBox(type, 0, 0, uint32(values.length / fields), bytesOf(values));

/** Millions of values: more than a call takes as arguments. */
function bytesOf(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value, 4 * i);
  return bytes;
}
