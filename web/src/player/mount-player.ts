import type { Attach, Attached } from './attach.ts';
import { AudioTrackList } from './audio-track-list.ts';
import type { Failure } from './failure.ts';
import { showFailure } from './failure-panel.ts';
import { keepCaptions } from './keep-captions.ts';
import { keepFrame } from './keep-frame.ts';
import { keepPosition, keptPosition, openStorage } from './keep-position.ts';
import { videoIdOf, withinSession } from './open-session.ts';
import { PlaybackNotes } from './playback-notes.ts';
import { createControls, onAction } from './player-controls.ts';
import { RenditionList } from './rendition-list.ts';
import { showShortcuts, takeKeys } from './shortcuts.ts';
import { createStatsPanel } from './stats-panel.ts';
import { bufferAhead, type Readings } from './stats-readings.ts';

/** What may change while it plays, which goes on. */
export type PlayerChanges = {
  readonly poster: string | null;
  /** WebVTT that names small pictures, shown while scrubbing. */
  readonly storyboard: string | null;
  /** What plays is only the beginning, and not yet in every size. */
  readonly isGrowing: boolean;
};

export type PlayerOptions = PlayerChanges & {
  readonly src: string;
  readonly title: string;
  readonly autoplay: boolean;
  readonly muted: boolean;
  readonly showStats?: boolean;
  readonly onFailure?: (failure: Failure) => void;
};

export type MountedPlayer = {
  readonly video: HTMLVideoElement;
  update(changes: PlayerChanges): void;
  /** Leaves the host as it was. */
  destroy(): void;
};

export type MountPlayer = (host: HTMLElement, options: PlayerOptions) => MountedPlayer;

/** The video with its controls. How the source is played is handed in. */
export function mountPlayer(host: HTMLElement, options: PlayerOptions, attach: Attach): MountedPlayer {
  const { src, title, showStats = false } = options;
  const storage = openStorage();
  const left = new AbortController();
  const [renditions, audioTracks] = [new RenditionList(), new AudioTrackList()];
  const video = createVideo(options, renditions, audioTracks);
  const controls = createControls({ title, remembers: storage !== undefined });
  const startSeconds = keptPosition(storage, videoIdOf(src));
  const notes = new PlaybackNotes(() => showStoryboard());
  let { isGrowing, storyboard } = options;
  let attached: Attached | undefined;

  function attachAt(seconds: number): void {
    attached = attach(video, { src, startSeconds: seconds, renditions, audioTracks, notes, onFailure });
  }

  /** The same address again, from where it stands: for a source that has grown, or after a failure. */
  async function attachAgain(): Promise<void> {
    const { currentTime, paused, readyState } = video;
    keepFrame(video);
    // What a viewer has chosen outlives the source only as the default.
    video.defaultPlaybackRate = video.playbackRate;
    const leaving = attached;
    attached = undefined;
    await leaving?.detach();
    if (attached || left.signal.aborted) return;
    // A player that gives the element its source later cancels a play() of now.
    video.autoplay = !paused;
    attachAt(readyState === HTMLMediaElement.HAVE_NOTHING ? startSeconds : currentTime);
    // Where the browser does not let it go on by itself, the viewer presses play.
    if (!paused) void video.play().catch(() => undefined);
  }

  function onFailure(failure: Failure): void {
    options.onFailure?.(failure);
    showFailure(host, failure, () => void attachAgain());
  }

  function showStoryboard(): void {
    const { session } = notes;
    if (!storyboard || !session || video.querySelector('track[label=thumbnails]')) return;
    video.append(thumbnailTrack(withinSession(storyboard, session)));
  }

  const stats = createStatsPanel(
    host,
    () => readingsOf(video, notes, attached?.throughputBps()),
    (isOpen) => controls.querySelector('[data-action=stats]')?.setAttribute('aria-pressed', String(isOpen)),
  );
  controls.append(video);
  host.append(controls);
  onAction(controls, 'stats', stats.toggle);
  onAction(controls, 'shortcuts', () => showShortcuts(host));
  takeKeys(controls, { s: stats.toggle, '?': () => showShortcuts(host) }, left.signal);
  attachAt(startSeconds);
  keepPosition(video, videoIdOf(src), storage, left.signal);
  keepCaptions(video, left.signal);
  if (showStats) stats.toggle();
  return {
    video,
    update(changes) {
      if (changes.poster && changes.poster !== options.poster) video.poster = changes.poster;
      storyboard = changes.storyboard;
      showStoryboard();
      // What was loaded of a growing video knows of no other sizes; the whole is at the same address.
      if (isGrowing && !changes.isGrowing) void attachAgain();
      isGrowing = changes.isGrowing;
    },
    destroy() {
      left.abort();
      stats.close();
      void attached?.detach();
      host.replaceChildren();
    },
  };
}

/** media-chrome finds it by its label. */
function thumbnailTrack(src: string): HTMLTrackElement {
  const track = document.createElement('track');
  return Object.assign(track, { kind: 'metadata', label: 'thumbnails', default: true, src });
}

/** media-chrome asks for the lists at the moment it meets the element. Safari has an `audioTracks` of its own. */
function createVideo(
  { title, autoplay, muted, poster }: PlayerOptions,
  videoRenditions: RenditionList,
  audioTracks: AudioTrackList,
): HTMLVideoElement {
  const video = document.createElement('video');
  Object.assign(video, { slot: 'media', playsInline: true, autoplay, muted, ariaLabel: title, videoRenditions });
  Object.defineProperty(video, 'audioTracks', { value: audioTracks });
  if (poster) video.poster = poster;
  return video;
}

function readingsOf(video: HTMLVideoElement, notes: PlaybackNotes, throughputBps: number | undefined): Readings {
  const { buffered, currentTime, videoWidth, videoHeight } = video;
  const ranges = Array.from({ length: buffered.length }, (_, i) => [buffered.start(i), buffered.end(i)] as const);
  const { totalVideoFrames, droppedVideoFrames } = video.getVideoPlaybackQuality();
  return {
    sessionId: notes.session?.id ?? '',
    segments: notes.segments,
    widthPx: videoWidth,
    heightPx: videoHeight,
    bufferSeconds: bufferAhead(ranges, currentTime),
    throughputBps,
    frames: totalVideoFrames,
    droppedFrames: droppedVideoFrames,
  };
}
