/** What the page noted while its player played. Wall times are in ms since 1970, media times in seconds. */
export type Seen = {
  /** The `resize` events of the video element, as its handlers found things. */
  readonly sizes: { atMs: number; mediaSeconds: number; heightPx: number }[];
  /** The first frame that was shown, and each one whose height is another than that of the frame shown before it. */
  readonly frames: ShownFrame[];
  readonly samples: Sample[];
  /** The `waiting` events: the player ran dry, or nearly. */
  readonly waits: { atMs: number; mediaSeconds: number }[];
};
export type ShownFrame = {
  readonly atMs: number;
  readonly mediaSeconds: number;
  readonly heightPx: number;
  /** Of the frame shown before; on a busy machine a browser leaves frames out. Of the first frame its own. */
  readonly afterSeconds: number;
};
export type Sample = {
  readonly atMs: number;
  readonly mediaSeconds: number;
  /** Media loaded ahead of the playhead. */
  readonly bufferSeconds: number;
  readonly heightPx: number;
};

/** Runs inside the page, before the player starts, so it can use nothing from outside of itself. */
function record(): void {
  const SAMPLE_MS = 250;
  const video = document.querySelector('video');
  if (!video) throw new Error('the page has no video');
  const seen: Seen = { sizes: [], frames: [], samples: [], waits: [] };
  (window as unknown as { seen: Seen }).seen = seen;

  const now = () => ({ atMs: Date.now(), mediaSeconds: video.currentTime });
  video.addEventListener('resize', () => seen.sizes.push({ ...now(), heightPx: video.videoHeight }));
  video.addEventListener('waiting', () => seen.waits.push(now()));
  let afterSeconds: number | undefined;
  const onFrame = (_nowMs: number, { mediaTime: mediaSeconds, height: heightPx }: VideoFrameCallbackMetadata): void => {
    if (seen.frames.at(-1)?.heightPx !== heightPx)
      seen.frames.push({ atMs: Date.now(), mediaSeconds, heightPx, afterSeconds: afterSeconds ?? mediaSeconds });
    afterSeconds = mediaSeconds;
    video.requestVideoFrameCallback(onFrame);
  };
  video.requestVideoFrameCallback(onFrame);
  setInterval(() => {
    let bufferSeconds = 0;
    for (let i = 0; i < video.buffered.length; i++)
      if (video.buffered.start(i) <= video.currentTime + 0.1)
        bufferSeconds = Math.max(0, video.buffered.end(i) - video.currentTime);
    seen.samples.push({ ...now(), bufferSeconds, heightPx: video.videoHeight });
  }, SAMPLE_MS);
}

/** For a page: notes what happens from here on under `window.seen`. */
export const RECORDER = `(${record})();`;
