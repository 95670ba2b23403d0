import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Page } from 'playwright-core';

const MODULES = resolve(import.meta.dirname, '../../node_modules');

/** Players as they are, with none of their settings touched: `src` is the address and `video` the element. */
export const PLAYERS = {
  'hls.js': {
    script: 'hls.js/dist/hls.min.js',
    file: 'index.m3u8',
    start: 'const hls = new Hls(); hls.loadSource(src); hls.attachMedia(video); video.play();',
  },
  'shaka-player': {
    script: 'shaka-player/dist/shaka-player.compiled.js',
    file: 'manifest.mpd',
    start: `shaka.polyfill.installAll(); const player = new shaka.Player();
      player.attach(video).then(() => player.load(src)).then(() => video.play());`,
  },
  'dash.js': {
    script: 'dashjs/dist/modern/umd/dash.all.min.js',
    file: 'manifest.mpd',
    start: 'dashjs.MediaPlayer().create().initialize(video, src, true);',
  },
  'video.js': {
    script: 'video.js/dist/video.min.js',
    file: 'index.m3u8',
    start: `const player = videojs(video); player.src({ src, type: 'application/x-mpegURL' }); player.play();`,
  },
} as const;
export type PlayerName = keyof typeof PLAYERS;

/**
 * A page with one player; `now` is its state, and what happened since it began to play.
 * @param recorder a script that runs before the player starts
 */
export function playerPage(name: PlayerName, videoId: string, recorder = ''): string {
  const { script, file, start } = PLAYERS[name];
  return `<!doctype html><meta charset="utf-8"><title>${name}</title>
<video id="video" muted playsinline width="320" height="180"></video>
<script>${readFileSync(join(MODULES, script), 'utf8').replaceAll('</script', '<\\/script')}</script>
<script>
  const video = document.getElementById('video');
  const src = '/play/${videoId}/${file}';
  window.onunhandledrejection = window.onerror = (event) => { window.trouble = String(event.reason ?? event); };
  ${recorder}
  ${start}
  ${SAMPLER}
</script>`;
}

/** Every 50 ms: has the picture moved on? The longest stall since the first frame is what a viewer sees as a stall. */
const SAMPLER = `
  const state = window.state = { seconds: 0, longestStallMs: 0, samples: 0, hasStarted: false };
  let movedAtMs = 0;
  setInterval(() => {
    const nowMs = performance.now();
    const element = document.querySelector('video');
    state.frames = element.getVideoPlaybackQuality().totalVideoFrames;
    if (element.currentTime !== state.seconds) {
      state.hasStarted ||= element.currentTime > 0.2;
      movedAtMs = nowMs;
    } else if (state.hasStarted && !element.ended && !element.paused) {
      state.longestStallMs = Math.max(state.longestStallMs, nowMs - movedAtMs);
    }
    state.seconds = element.currentTime;
    state.ended = element.ended;
    state.samples++;
  }, 50);
`;

export type PlayerState = {
  readonly seconds: number;
  readonly longestStallMs: number;
  readonly samples: number;
  readonly frames: number;
  readonly ended: boolean;
};

export const playerState = (page: Page): Promise<PlayerState> =>
  page.evaluate(() => ({ ...(window as unknown as { state: PlayerState }).state }));
