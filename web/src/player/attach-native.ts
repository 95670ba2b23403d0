import type { Attach } from './attach.ts';
import { failureOf } from './failure.ts';

/** Plays HLS by the browser itself, where it has no Media Source Extensions. */
export const attachNative: Attach = (video, { src, startSeconds, onFailure }) => {
  if (!video.canPlayType('application/vnd.apple.mpegurl')) {
    onFailure(failureOf('unsupported'));
    return { detach: () => {}, throughputBps: () => undefined };
  }
  const left = new AbortController();
  const once = { once: true, signal: left.signal };
  video.addEventListener('error', () => onFailure(failureOf('interrupted')), once);
  const goToStart = (): void => {
    video.currentTime = startSeconds;
  };
  video.addEventListener('loadedmetadata', goToStart, once);
  video.src = src;
  return {
    detach() {
      left.abort();
      video.removeAttribute('src');
      video.load();
    },
    throughputBps: () => undefined,
  };
};
