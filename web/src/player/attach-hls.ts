import Hls, { type ErrorData, type HlsConfig } from 'hls.js';
import { type Attach, GONE, INTERRUPTED, type Playback, UNDECODABLE, UNSUPPORTED } from './attach.ts';
import { createRestartBudget } from './restart-budget.ts';

/** An edge answers from memory or reads the store; a segment that has not begun by now will not come. */
const FIRST_BYTE_DEADLINE_MS = 4000;
const SEGMENT_DEADLINE_MS = 60_000;
/** hls.js itself has tried for some ten seconds before each of these: half a minute in all, on what is buffered. */
const NETWORK_RETRIES_MS = [500, 4000];
/** hls.js can repair a decoder that choked by making it anew; at the same place, that helps once or never. */
const DECODER_RETRIES_MS = [0];

const CONFIG: Partial<HlsConfig> = {
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

const attachHlsJs: Attach = (video, { src, startSeconds, renditions, onFailure }) => {
  // A playlist that still grows would otherwise be joined at its end, like a broadcast.
  const hls = new Hls({ ...CONFIG, startPosition: startSeconds });
  const network = createRestartBudget(NETWORK_RETRIES_MS);
  const decoder = createRestartBudget(DECODER_RETRIES_MS);
  let timer: ReturnType<typeof setTimeout> | undefined;

  function onError(data: ErrorData): void {
    if (!data.fatal) return;
    if (isVideoGone(data)) fail(GONE);
    else if (data.type === Hls.ErrorTypes.NETWORK_ERROR) loadAgain(data);
    else if (data.type === Hls.ErrorTypes.MEDIA_ERROR) decodeAgain();
    else fail(data.error.message);
  }

  function loadAgain(data: ErrorData): void {
    const delayMs = network.next(video.currentTime);
    const load = needsFreshSession(data) ? startSession : () => hls.startLoad();
    clearTimeout(timer);
    if (delayMs === undefined) fail(INTERRUPTED);
    else timer = setTimeout(load, delayMs);
  }

  /** Costs the buffer, so only for a session that is refused, or one that never began. */
  function startSession(): void {
    hls.config.startPosition = video.currentTime;
    hls.loadSource(src);
  }

  function decodeAgain(): void {
    if (decoder.next(video.currentTime) === undefined) fail(UNDECODABLE);
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

const isRefused = ({ response }: ErrorData): boolean =>
  response?.code !== undefined && response.code >= 400 && response.code < 500;

const isOfSource = ({ details }: ErrorData): boolean => details.startsWith('manifest');

const isVideoGone = (data: ErrorData): boolean => isOfSource(data) && data.response?.code === 404;

const needsFreshSession = (data: ErrorData): boolean => isOfSource(data) || isRefused(data);

/** The levels by their index. One without a picture offers no choice of picture size. */
const choicesOf = (hls: Hls) =>
  hls.levels
    .map(({ width, height, bitrate }, index) => ({ id: String(index), width, height, bitrate }))
    .filter(({ height }) => height > 0);

function attachNative(video: HTMLVideoElement, { src, startSeconds, onFailure }: Playback): () => void {
  if (!video.canPlayType('application/vnd.apple.mpegurl')) {
    onFailure(UNSUPPORTED);
    return () => {};
  }
  const onError = (): void => onFailure(INTERRUPTED);
  video.addEventListener('error', onError, { once: true });
  const onLoaded = (): void => {
    video.currentTime = startSeconds;
  };
  video.addEventListener('loadedmetadata', onLoaded, { once: true });
  video.src = src;
  return () => {
    video.removeEventListener('error', onError);
    video.removeEventListener('loadedmetadata', onLoaded);
    video.removeAttribute('src');
    video.load();
  };
}
