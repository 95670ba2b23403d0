/** How the packets of a track follow one another, in ticks of its time base. */
export type PacketPace = {
  /** Whether each packet begins where the one before it ended. */
  isGapless: boolean;
  /** Where some packets begin, evenly spread over all that were seen; `index` counts packets. */
  places: { readonly index: number; readonly ticks: number }[];
};

const MAX_PLACES = 256;

/** Sums up the pace of packets, however many there are. */
export class PaceReader {
  readonly pace: PacketPace = { isGapless: true, places: [] };
  #index = 0;
  #endTicks: number | undefined;
  /** Every so many packets one is kept. */
  #stride = 1;

  add(ticks: number, durationTicks: number): void {
    const { pace } = this;
    pace.isGapless &&= durationTicks > 0 && ticks === (this.#endTicks ?? ticks);
    this.#endTicks = ticks + durationTicks;
    if (this.#index % this.#stride === 0) pace.places.push({ index: this.#index, ticks });
    this.#index += 1;
    if (pace.places.length <= MAX_PLACES) return;
    pace.places = pace.places.filter((_, i) => i % 2 === 0);
    this.#stride *= 2;
  }
}
