const BAR_WIDTH = 24;

export type Progress = {
  readonly bytes: number;
  readonly sizeBytes: number;
  /** By this run; a resumed upload began further on. */
  readonly sentBytes: number;
  readonly seconds: number;
};

/** `clip.mp4 [######------------------] 25% 12.5 MB/s 1:04 left` */
export function progressLine(name: string, { bytes, sizeBytes, sentBytes, seconds }: Progress): string {
  const fraction = sizeBytes === 0 ? 1 : bytes / sizeBytes;
  const done = Math.floor(fraction * BAR_WIDTH);
  const bar = `[${'#'.repeat(done)}${'-'.repeat(BAR_WIDTH - done)}]`;
  const head = `${name} ${bar} ${Math.floor(fraction * 100)}%`;
  if (sentBytes === 0 || seconds === 0) return head;
  const bytesPerSecond = sentBytes / seconds;
  const left = Math.ceil((sizeBytes - bytes) / bytesPerSecond);
  const clock = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`;
  return `${head} ${(bytesPerSecond / 1e6).toFixed(1)} MB/s ${clock} left`;
}
