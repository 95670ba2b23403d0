import Hls, { type ErrorData, type FragLoadedData, type HlsConfig } from 'hls.js';
import type { Attach, Attached, Playback } from './attach.ts';
import { attachNative } from './attach-native.ts';
import { type FailureCode, failureOf } from './failure.ts';
import { openSession, SessionRefused, videoIdOf } from './open-session.ts';
import type { PlaybackNotes } from './playback-notes.ts';
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

function attachHlsJs(video: HTMLVideoElement, playback: Playback): Attached {
  const { src, startSeconds, notes, onFailure } = playback;
  // In headers, so that the addresses of segments stay the same and the browser's cache knows them again.
  const cmcd = { contentId: videoIdOf(src), useHeaders: true };
  // A playlist that still grows would otherwise be joined at its end, like a broadcast.
  const hls = new Hls({ ...CONFIG, cmcd, startPosition: startSeconds });
  const network = createRestartBudget(NETWORK_RETRIES_MS);
  const decoder = createRestartBudget(DECODER_RETRIES_MS);
  const left = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function begin(): Promise<void> {
    try {
      const session = await openSession(src, left.signal);
      notes.begin(session);
      hls.config.cmcd = { ...cmcd, sessionId: session.id };
      hls.loadSource(session.url);
    } catch (error) {
      if (left.signal.aborted) return;
      if (error instanceof SessionRefused) fail(error.code);
      else again(() => void begin());
    }
  }

  function onError(data: ErrorData): void {
    if (!data.fatal) return;
    if (data.type === Hls.ErrorTypes.NETWORK_ERROR) again(needsFreshSession(data) ? beginAnew : () => hls.startLoad());
    else if (data.type === Hls.ErrorTypes.MEDIA_ERROR) decodeAgain();
    else fail('broken');
  }

  function again(load: () => void): void {
    const delayMs = network.next(video.currentTime);
    clearTimeout(timer);
    if (delayMs === undefined) fail('interrupted');
    else timer = setTimeout(load, delayMs);
  }

  /** Costs the buffer, so only for a session that is refused, or one that never began. */
  function beginAnew(): void {
    hls.config.startPosition = video.currentTime || startSeconds;
    void begin();
  }

  function decodeAgain(): void {
    if (decoder.next(video.currentTime) === undefined) fail('undecodable');
    else hls.recoverMediaError();
  }

  function fail(code: FailureCode): void {
    hls.destroy();
    onFailure(failureOf(code));
  }

  hls.on(Hls.Events.ERROR, (_, data) => onError(data));
  hls.on(Hls.Events.FRAG_LOADED, (_, data) => note(data, notes));
  offerRenditions(hls, playback, left.signal);
  offerAudioTracks(hls, playback, left.signal);
  hls.attachMedia(video);
  void begin();
  return {
    detach() {
      clearTimeout(timer);
      left.abort();
      hls.destroy();
    },
    throughputBps: () => (hls.bandwidthEstimate > 0 ? hls.bandwidthEstimate : undefined),
  };
}

const isRefused = ({ response }: ErrorData): boolean =>
  response?.code !== undefined && response.code >= 400 && response.code < 500;

const needsFreshSession = (data: ErrorData): boolean => data.details.startsWith('manifest') || isRefused(data);

function note({ frag, networkDetails }: FragLoadedData, notes: PlaybackNotes): void {
  const { loading, total } = frag.stats;
  const said = (name: string): string =>
    (networkDetails instanceof XMLHttpRequest ? networkDetails.getResponseHeader(name) : null) ?? '';
  const heard = { cache: said('x-cache'), edge: said('x-served-by') };
  notes.loaded(frag.url, { bytes: total, loadMs: loading.end - loading.start, ...heard });
}

/** The levels by their index. One without a picture offers no choice of picture size. */
function offerRenditions(hls: Hls, { renditions }: Playback, signal: AbortSignal): void {
  hls.on(Hls.Events.MANIFEST_PARSED, () => {
    const levels = hls.levels.map(({ width, height, bitrate }, id) => ({ id: String(id), width, height, bitrate }));
    renditions.replace(levels.filter(({ height }) => height > 0));
  });
  const choose = (): void => {
    hls.nextLevel = renditions.selectedIndex;
  };
  renditions.addEventListener('change', choose, { signal });
}

function offerAudioTracks(hls: Hls, { audioTracks }: Playback, signal: AbortSignal): void {
  hls.on(Hls.Events.AUDIO_TRACKS_UPDATED, (_, { audioTracks: tracks }) => {
    const choices = tracks.map(({ name, lang }, id) => ({ id: String(id), label: name, language: lang ?? '' }));
    audioTracks.replace(choices, String(hls.audioTrack));
  });
  hls.on(Hls.Events.AUDIO_TRACK_SWITCHING, () => audioTracks.select(String(hls.audioTrack)));
  const choose = (): void => {
    const wanted = Number(audioTracks.selectedId);
    if (wanted >= 0 && wanted !== hls.audioTrack) hls.audioTrack = wanted;
  };
  audioTracks.addEventListener('change', choose, { signal });
}
