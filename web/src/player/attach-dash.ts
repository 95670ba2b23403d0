import shaka from 'shaka-player/dist/shaka-player.dash-es2021.js';
import type { Attach, Playback } from './attach.ts';
import { type FailureCode, failureOf } from './failure.ts';
import { openSession, SessionRefused, videoIdOf } from './open-session.ts';
import type { PlaybackNotes } from './playback-notes.ts';

/** Plays DASH with Shaka, which has its own retries; it is the second witness of what we publish. */
export const attachDash: Attach = (video, playback) => {
  shaka.polyfill.installAll();
  if (!shaka.Player.isBrowserSupported()) {
    playback.onFailure(failureOf('unsupported'));
    return { detach: () => {}, throughputBps: () => undefined };
  }
  const player = new shaka.Player();
  const left = new AbortController();
  let hasEnded = false;
  const onError = (error: unknown): void => {
    if (left.signal.aborted || hasEnded || isPassing(error)) return;
    hasEnded = true;
    playback.onFailure(failureOf(codeOf(error)));
  };
  player.addEventListener('error', (event) => onError('detail' in event ? event.detail : event));
  noteSegments(player, playback.notes);
  offerRenditions(player, playback, left.signal);
  offerAudioTracks(player, playback, left.signal);
  void start(player, video, playback, left.signal).catch(onError);
  return {
    detach() {
      left.abort();
      return player.destroy();
    },
    throughputBps: () => player.getStats().estimatedBandwidth || undefined,
  };
};

async function start(player: shaka.Player, video: HTMLVideoElement, playback: Playback, signal: AbortSignal) {
  const { src, startSeconds, notes } = playback;
  // Attached at once, so that a viewer who presses play before the session is open is not forgotten.
  const [session] = await Promise.all([openSession(src, signal), player.attach(video)]);
  notes.begin(session);
  player.configure({
    cmcd: { enabled: true, sessionId: session.id, contentId: videoIdOf(src), useHeaders: true, version: 1 },
  });
  await player.load(session.url, startSeconds, 'application/dash+xml');
}

function noteSegments(player: shaka.Player, notes: PlaybackNotes): void {
  player.getNetworkingEngine()?.registerResponseFilter((type, { uri, data, headers, timeMs = 0 }) => {
    if (type !== shaka.net.NetworkingEngine.RequestType.SEGMENT) return;
    const heard = { cache: headers['x-cache'] ?? '', edge: headers['x-served-by'] ?? '' };
    notes.loaded(uri, { bytes: data.byteLength, loadMs: timeMs, ...heard });
  });
}

function offerRenditions(player: shaka.Player, { renditions }: Playback, signal: AbortSignal): void {
  const tracks = () => player.getVideoTracks().toSorted((a, b) => a.bandwidth - b.bandwidth);
  const offer = (): void =>
    renditions.replace(
      tracks().map(({ width, height, bandwidth }, id) => ({
        id: String(id),
        width: width ?? 0,
        height: height ?? 0,
        bitrate: bandwidth,
      })),
    );
  const choose = (): void => {
    const track = tracks()[renditions.selectedIndex];
    player.configure({ abr: { enabled: track === undefined } });
    if (track) player.selectVideoTrack(track, true);
  };
  player.addEventListener('loaded', offer);
  renditions.addEventListener('change', choose, { signal });
}

function offerAudioTracks(player: shaka.Player, { audioTracks }: Playback, signal: AbortSignal): void {
  const tracks = () => player.getAudioTracks();
  const heard = (): string => String(tracks().findIndex(({ active }) => active));
  const offer = (): void => {
    const choices = tracks().map(({ label, language }, id) => ({
      id: String(id),
      label: label ?? nameOf(language),
      language,
    }));
    audioTracks.replace(choices, heard());
  };
  const choose = (): void => {
    const track = tracks()[Number(audioTracks.selectedId)];
    if (track && !track.active) player.selectAudioTrack(track);
  };
  player.addEventListener('loaded', offer);
  audioTracks.addEventListener('change', choose, { signal });
}

/** As the HLS playlists name it: in the language itself. A manifest names the language only. */
function nameOf(language: string): string {
  if (language === 'und') return 'Audio';
  return new Intl.DisplayNames([language], { type: 'language' }).of(language) ?? language;
}

/** Shaka tells of a rendition that it cannot have, too, and goes on with another one. */
const isPassing = (error: unknown): boolean =>
  typeof error === 'object' &&
  error !== null &&
  'severity' in error &&
  error.severity === shaka.util.Error.Severity.RECOVERABLE;

function codeOf(error: unknown): FailureCode {
  if (error instanceof SessionRefused) return error.code;
  const category = typeof error === 'object' && error !== null && 'category' in error ? error.category : undefined;
  if (category === shaka.util.Error.Category.MEDIA) return 'undecodable';
  // What openSession throws are errors of the network, too.
  const isOfNetwork = category === undefined || category === shaka.util.Error.Category.NETWORK;
  return isOfNetwork ? 'interrupted' : 'broken';
}
