/** One choice of the quality menu, as media-chrome reads it. */
export type RenditionChoice = {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  readonly bitrate: number;
};

/**
 * The list behind the quality menu. media-chrome takes it from the media element's `videoRenditions`, where
 * a browser may one day have its own; its menu sets `selectedIndex`, and -1 leaves the choice to the player.
 */
export class RenditionList extends EventTarget {
  readonly [index: number]: RenditionChoice;
  #choices: readonly RenditionChoice[] = [];
  #selectedIndex = -1;

  get length(): number {
    return this.#choices.length;
  }

  [Symbol.iterator](): Iterator<RenditionChoice> {
    return this.#choices[Symbol.iterator]();
  }

  get selectedIndex(): number {
    return this.#selectedIndex;
  }

  set selectedIndex(index: number) {
    if (index === this.#selectedIndex) return;
    this.#selectedIndex = index;
    this.dispatchEvent(new Event('change'));
  }

  /** Offers these renditions instead of the former ones. */
  replace(choices: readonly RenditionChoice[]): void {
    for (const index of this.#choices.keys()) Reflect.deleteProperty(this, index);
    this.#choices = choices;
    this.#selectedIndex = -1;
    Object.assign(this, choices);
    this.dispatchEvent(new Event('addrendition'));
  }
}
