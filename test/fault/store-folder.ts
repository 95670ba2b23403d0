import { mkdir, rename, symlink } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * A file-system store that can be away. All processes reach it through a link, which is swapped in one step; behind
 * the other one there is no folder, so that every read and write fails, for root too.
 */
export class StoreFolder {
  readonly url: string;
  /** Where the objects are files, whether the store is away or not. */
  readonly objects: string;
  readonly #link: string;
  readonly #disk: string;

  private constructor(folder: string) {
    this.#link = join(folder, 'mounted');
    this.#disk = join(folder, 'disk');
    this.objects = join(this.#disk, 'objects');
    this.url = `file:${join(this.#link, 'objects')}`;
  }

  static async make(folder: string): Promise<StoreFolder> {
    const store = new StoreFolder(folder);
    await mkdir(store.objects, { recursive: true });
    await store.bringBack();
    return store;
  }

  takeAway(): Promise<void> {
    return this.#pointTo('/dev/null');
  }

  bringBack(): Promise<void> {
    return this.#pointTo(this.#disk);
  }

  async #pointTo(target: string): Promise<void> {
    await symlink(target, `${this.#link}.new`);
    await rename(`${this.#link}.new`, this.#link);
  }
}
