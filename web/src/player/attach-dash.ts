import shaka from 'shaka-player/dist/shaka-player.dash-es2021.js';
import { type Attach, INTERRUPTED, type Playback, UNDECODABLE, UNSUPPORTED } from './attach.ts';

/** Plays DASH with Shaka, which has its own retries; it is the second witness of what we publish. */
export const attachDash: Attach = (video, playback) => {
  shaka.polyfill.installAll();
  if (!shaka.Player.isBrowserSupported()) {
    playback.onFailure(UNSUPPORTED);
    return () => {};
  }
  const player = new shaka.Player();
  let left = false;
  const choose = (): void => chooseVariant(player, playback);
  const onError = (error: unknown): void => {
    if (!left) playback.onFailure(sentenceOf(error));
  };
  player.addEventListener('error', (event) => onError('detail' in event ? event.detail : event));
  playback.renditions.addEventListener('change', choose);
  void start(player, video, playback).catch(onError);
  return () => {
    left = true;
    playback.renditions.removeEventListener('change', choose);
    void player.destroy();
  };
};

async function start(
  player: shaka.Player,
  video: HTMLVideoElement,
  { src, startSeconds, renditions }: Playback,
): Promise<void> {
  await player.attach(video);
  await player.load(src, startSeconds);
  const choices = player.getVariantTracks().map(({ id, width, height, bandwidth }) => ({
    id: String(id),
    width: width ?? 0,
    height: height ?? 0,
    bitrate: bandwidth,
  }));
  renditions.replace(choices.filter(({ height }) => height > 0));
}

function chooseVariant(player: shaka.Player, { renditions }: Playback): void {
  const wanted = renditions[renditions.selectedIndex]?.id;
  const track = player.getVariantTracks().find(({ id }) => String(id) === wanted);
  player.configure({ abr: { enabled: track === undefined } });
  if (track) player.selectVariantTrack(track, true);
}

function sentenceOf(error: unknown): string {
  const category = typeof error === 'object' && error !== null && 'category' in error ? error.category : undefined;
  return category === shaka.util.Error.Category.NETWORK ? INTERRUPTED : UNDECODABLE;
}
