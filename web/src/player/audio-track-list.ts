export type AudioTrackChoice = { readonly id: string; readonly label: string; readonly language: string };

/** One entry of the audio menu; setting `enabled` chooses it. */
export type AudioTrackEntry = AudioTrackChoice & { readonly kind: 'main'; enabled: boolean };

/**
 * The list behind the audio menu. media-chrome takes it from the media element's `audioTracks`, which most browsers do
 * not have; exactly one track is enabled.
 */
export class AudioTrackList extends EventTarget {
  #entries: readonly AudioTrackEntry[] = [];
  #selectedId = '';

  get length(): number {
    return this.#entries.length;
  }

  [Symbol.iterator](): Iterator<AudioTrackEntry> {
    return this.#entries[Symbol.iterator]();
  }

  get selectedId(): string {
    return this.#selectedId;
  }

  select(id: string): void {
    if (id === this.#selectedId) return;
    this.#selectedId = id;
    this.dispatchEvent(new Event('change'));
  }

  /** Offers these tracks instead of the former ones. Who heard one of the same name before goes on with that. */
  replace(choices: readonly AudioTrackChoice[], selectedId: string): void {
    const before = this.#entries.find(({ enabled }) => enabled);
    const same = choices.find(({ label, language }) => label === before?.label && language === before.language);
    this.#entries = choices.map((choice) => this.#entryOf(choice));
    this.#selectedId = same?.id ?? selectedId;
    this.dispatchEvent(new Event('addtrack'));
    this.dispatchEvent(new Event('change'));
  }

  #entryOf(choice: AudioTrackChoice): AudioTrackEntry {
    const isSelected = (): boolean => this.#selectedId === choice.id;
    const select = (): void => this.select(choice.id);
    return {
      ...choice,
      kind: 'main',
      get enabled() {
        return isSelected();
      },
      // One track goes off by another one going on.
      set enabled(wanted) {
        if (wanted) select();
      },
    };
  }
}
