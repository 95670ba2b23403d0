import type { PreviousUpload } from 'tus-js-client';

/** An upload of which the server has a part, and whose file has to be chosen again. */
export type InterruptedUpload = {
  /** Of the browser's storage. */
  readonly key: string;
  readonly url: string | null;
  readonly filename: string;
  readonly sizeBytes: number;
  /** ISO 8601. */
  readonly startedAt: string;
};

/** The server forgets what was left alone for a day. */
const KEPT_MS = 86_400_000;
/** In a corner of the page there is no room for more; the others come when these are done. */
const MOST_SHOWN = 3;

/** What goes on or waits, in this window or another, by its {@link transferName}. */
export type Busy = ReadonlySet<string>;

/** The latest first. */
export function interruptedOf(stored: readonly PreviousUpload[], busy: Busy, nowMs: number): InterruptedUpload[] {
  return stored
    .flatMap((upload) => toInterrupted(upload))
    .filter(({ startedAt }) => nowMs - Date.parse(startedAt) < KEPT_MS)
    .filter((upload) => !busy.has(transferName({ name: upload.filename, size: upload.sizeBytes })))
    .toSorted((a, b) => b.startedAt.localeCompare(a.startedAt))
    .slice(0, MOST_SHOWN);
}

/** What two windows can say of one file: a page never learns its path. */
export const transferName = ({ name, size }: Pick<File, 'name' | 'size'>): string => `upload of ${name}, ${size} bytes`;

/** Nothing where another version of the page, or somebody else, wrote what cannot be used. */
function toInterrupted({
  urlStorageKey,
  uploadUrl,
  size,
  metadata,
  creationTime,
}: PreviousUpload): InterruptedUpload[] {
  const startedMs = Date.parse(creationTime);
  const { filename } = metadata ?? {};
  if (typeof filename !== 'string' || size === null || Number.isNaN(startedMs)) return [];
  const startedAt = new Date(startedMs).toISOString();
  return [{ key: urlStorageKey, url: uploadUrl, filename, sizeBytes: size, startedAt }];
}
