import Hls, { type ErrorData, type HlsConfig } from 'hls.js';
import {
  type Attach,
  INTERRUPTED,
  MOST_RESTARTS,
  type Playback,
  RESTART_DELAY_MS,
  UNDECODABLE,
  UNSUPPORTED,
} from './attach.ts';

/** An edge answers from memory or reads the store; a segment that has not begun by now will not come. */
const FIRST_BYTE_DEADLINE_MS = 4000;
const SEGMENT_DEADLINE_MS = 60_000;

const CONFIG: Partial<HlsConfig> = {
  // A playlist that still grows would otherwise be joined at its end, like a broadcast.
  startPosition: 0,
  capLevelToPlayerSize: true,
  backBufferLength: 60,
  fragLoadPolicy: {
    default: {
      maxTimeToFirstByteMs: FIRST_BYTE_DEADLINE_MS,
      maxLoadTimeMs: SEGMENT_DEADLINE_MS,
      timeoutRetry: { maxNumRetry: 4, retryDelayMs: 0, maxRetryDelayMs: 0 },
      errorRetry: { maxNumRetry: 6, retryDelayMs: 500, maxRetryDelayMs: 8000 },
    },
  },
};

/** Plays HLS by Media Source Extensions, and natively only where a browser lacks those. */
export const attachHls: Attach = (video, playback) =>
  Hls.isSupported() ? attachHlsJs(video, playback) : attachNative(video, playback);

const attachHlsJs: Attach = (video, { src, renditions, onFailure }) => {
  const hls = new Hls(CONFIG);
  let restarts = 0;
  let recoveries = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function onError(data: ErrorData): void {
    if (!data.fatal) return;
    if (data.type === Hls.ErrorTypes.NETWORK_ERROR) restartSoon();
    else if (data.type === Hls.ErrorTypes.MEDIA_ERROR) recover();
    else fail(data.error.message);
  }

  /** A session may have expired, or its whole router may be new: only a fresh one is sure to be known. */
  function restartSoon(): void {
    restarts += 1;
    if (restarts > MOST_RESTARTS) fail(INTERRUPTED);
    else
      timer = setTimeout(() => {
        hls.config.startPosition = video.currentTime;
        hls.loadSource(src);
      }, RESTART_DELAY_MS);
  }

  /** hls.js can repair a decoder that choked, by making it anew; more than once in a row does not help. */
  function recover(): void {
    recoveries += 1;
    if (recoveries > 1) fail(UNDECODABLE);
    else hls.recoverMediaError();
  }

  function fail(message: string): void {
    hls.destroy();
    onFailure(message);
  }

  const choose = (): void => {
    hls.nextLevel = renditions.selectedIndex;
  };
  hls.on(Hls.Events.MANIFEST_PARSED, () => renditions.replace(choicesOf(hls)));
  hls.on(Hls.Events.FRAG_BUFFERED, () => {
    restarts = 0;
    recoveries = 0;
  });
  hls.on(Hls.Events.ERROR, (_, data) => onError(data));
  renditions.addEventListener('change', choose);
  hls.loadSource(src);
  hls.attachMedia(video);
  return () => {
    clearTimeout(timer);
    renditions.removeEventListener('change', choose);
    hls.destroy();
  };
};

/** The levels by their index. One without a picture offers no choice of picture size. */
const choicesOf = (hls: Hls) =>
  hls.levels
    .map(({ width, height, bitrate }, index) => ({ id: String(index), width, height, bitrate }))
    .filter(({ height }) => height > 0);

function attachNative(video: HTMLVideoElement, { src, onFailure }: Playback): () => void {
  if (!video.canPlayType('application/vnd.apple.mpegurl')) {
    onFailure(UNSUPPORTED);
    return () => {};
  }
  const onError = (): void => onFailure(INTERRUPTED);
  video.addEventListener('error', onError, { once: true });
  video.src = src;
  return () => {
    video.removeEventListener('error', onError);
    video.removeAttribute('src');
    video.load();
  };
}
