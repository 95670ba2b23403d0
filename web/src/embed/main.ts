import '../styles/base.css';
import './embed.css';
import type { VideoResource } from '../../../src/domain/video-resource.ts';
import { isMissing } from '../api/problem.ts';
import { getVideo } from '../api/videos.ts';
import { loadPlayer } from '../player/load-player.ts';
import type { MountedPlayer } from '../player/mount-player.ts';
import { type Polling, startPolling } from '../shared/start-polling.ts';
import { type EmbedWish, parseEmbed } from './parse-embed.ts';
import { sayState } from './say-state.ts';
import { bridge, connectParent, type Parent, tellFailure } from './talk-to-parent.ts';

/** The page that other pages show in a frame: the player and nothing else, without the framework of the other pages. */
const wish = parseEmbed(window.location, document.referrer);
const root = document.getElementById('root');
if (!root) throw new Error('embed.html has no #root');
if (wish.videoId === undefined) say(root, 'This video does not exist', '');
else show(root, wish.videoId, wish);

function show(host: HTMLElement, videoId: string, { tech, parentOrigin, ...wished }: EmbedWish): void {
  const parent = connectParent(videoId, parentOrigin);
  // Most videos are ready: the player comes along while the video is asked for.
  void loadPlayer(tech).catch(() => undefined);
  let player: Promise<MountedPlayer> | undefined;
  const polling: Polling = startPolling<VideoResource>({
    load: (signal) => getVideo(videoId, signal),
    isLive: () => true,
    isTold: () => false,
    isHidden: () => document.hidden,
    after: callAfter,
    onAnswer(video) {
      document.title = video.title;
      if (!video.playback) return say(host, ...sayState(video));
      player ??= mount(host, video, { tech, parent, ...wished });
      player.then(
        (mounted) => {
          mounted.update(changesOf(video));
          // What is ready changes no more; that it was deleted, the segment servers tell.
          if (video.playback?.dash !== null) polling.stop();
        },
        (error) => {
          player = undefined;
          onFailure(error);
        },
      );
    },
    onFailure,
  });
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) polling.refresh();
  });

  function onFailure(error: unknown): void {
    if (isMissing(error)) {
      polling.stop();
      say(host, 'This video does not exist', '');
      tellFailure(parent, { code: 'gone', message: 'This video does not exist.' });
    } else if (player === undefined) say(host, 'The server does not answer', 'Trying again…');
  }
}

type Mounting = Pick<EmbedWish, 'tech' | 'autoplay' | 'muted' | 'stats'> & { readonly parent: Parent };

async function mount(host: HTMLElement, video: VideoResource, { tech, parent, ...wished }: Mounting) {
  const playback = video.playback;
  if (!playback) throw new Error('there is nothing to play yet');
  const address = playback[tech];
  // A growing video has no manifest yet.
  const mountPlayer = await loadPlayer(address === null ? 'hls' : tech);
  const frame = document.createElement('div');
  frame.className = 'player';
  host.replaceChildren(frame);
  const mounted = mountPlayer(frame, {
    ...changesOf(video),
    src: address ?? playback.hls,
    title: video.title,
    autoplay: wished.autoplay,
    muted: wished.muted,
    showStats: wished.stats,
    onFailure: (failure) => tellFailure(parent, failure),
  });
  bridge(mounted.video, parent);
  return mounted;
}

const changesOf = ({ playback }: VideoResource) => ({
  poster: playback?.poster ?? null,
  storyboard: playback?.storyboard ?? null,
  isGrowing: playback?.dash === null,
});

function say(host: HTMLElement, title: string, text: string): void {
  const message = document.createElement('p');
  message.className = 'embed-message';
  message.setAttribute('role', 'status');
  const strong = document.createElement('strong');
  strong.append(title);
  message.append(strong, text);
  host.replaceChildren(message);
}

function callAfter(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, ms);
  return () => clearTimeout(timer);
}
