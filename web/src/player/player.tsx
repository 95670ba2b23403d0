import './media-chrome.ts';
import './player.css';
import { useEffect, useRef, useState } from 'react';
import { Icon } from '../shared/icons.tsx';
import type { Attach } from './attach.ts';
import { keepFrame } from './keep-frame.ts';
import { RenditionList } from './rendition-list.ts';

export type PlayerProps = {
  src: string;
  title: string;
  poster: string | null;
  /** WebVTT that names small pictures, shown while scrubbing. */
  storyboard: string | null;
  autoplay: boolean;
  muted: boolean;
  /** What plays is only the beginning, and not yet in every size. */
  isGrowing: boolean;
};

/** The video with its controls. How the source is played is handed in. */
export function Player({ attach, ...props }: PlayerProps & { attach: Attach }) {
  const controller = useRef<HTMLElement>(null);
  const [attempt, setAttempt] = useState(0);
  const [failure, setFailure] = useState<string>();
  const { src, title, poster, storyboard, autoplay, muted, isGrowing } = props;
  const shown = useRef<HTMLVideoElement>(null);
  const loadAgain = useRef(() => {});
  const didGrow = useRef(isGrowing);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt is a fresh element and session.
  useEffect(() => {
    if (!controller.current) return;
    const renditions = new RenditionList();
    const video = createVideo({ title, autoplay, muted }, renditions);
    controller.current.append(video);
    shown.current = video;
    const attachAt = (startSeconds: number) => attach(video, { src, startSeconds, renditions, onFailure: setFailure });
    let detach = attachAt(0);
    loadAgain.current = () => {
      const { currentTime, paused } = video;
      keepFrame(video);
      // What a viewer has chosen outlives the source only as the default.
      video.defaultPlaybackRate = video.playbackRate;
      detach();
      detach = attachAt(currentTime);
      // Where the browser does not let it go on by itself, the viewer presses play.
      if (!paused) void video.play().catch(() => undefined);
    };
    return () => {
      detach();
      video.remove();
    };
  }, [attach, src, autoplay, muted, attempt]);

  // Both may come while it plays already, which goes on.
  // biome-ignore lint/correctness/useExhaustiveDependencies: a fresh element wants them again.
  useEffect(() => {
    if (shown.current && poster) shown.current.poster = poster;
  }, [poster, src, attempt]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a fresh element wants them again.
  useEffect(() => {
    if (shown.current && storyboard) shown.current.append(thumbnailTrack(storyboard));
  }, [storyboard, src, attempt]);

  // What was loaded of a growing video knows of no other sizes; the whole is at the same address.
  useEffect(() => {
    if (didGrow.current && !isGrowing) loadAgain.current();
    didGrow.current = isGrowing;
  }, [isGrowing]);

  function tryAgain(): void {
    setFailure(undefined);
    setAttempt(attempt + 1);
  }

  return (
    <div className="player" data-testid="player">
      <media-controller
        ref={controller}
        aria-label={title}
        hotkeys="noarrowup noarrowdown"
        keyboardforwardseekoffset="5"
      >
        <media-loading-indicator slot="centered-chrome" noautohide="" />
        <media-rendition-menu hidden anchor="auto" />
        <media-playback-rate-menu hidden anchor="auto" rates="0.5 0.75 1 1.25 1.5 2" />
        <media-time-range />
        <media-control-bar>
          <media-play-button />
          <media-mute-button />
          <media-volume-range />
          <media-time-display showduration="" notoggle="" />
          <span className="player-space" />
          <media-playback-rate-menu-button />
          <media-rendition-menu-button />
          <media-pip-button />
          <media-fullscreen-button />
        </media-control-bar>
      </media-controller>
      {failure && (
        <div className="player-failure" role="alert">
          <Icon name="alert" />
          <p>{failure}</p>
          <button type="button" className="button" onClick={tryAgain}>
            Try again
          </button>
        </div>
      )}
    </div>
  );
}

/** media-chrome finds it by its label. */
function thumbnailTrack(storyboard: string): HTMLTrackElement {
  const track = document.createElement('track');
  return Object.assign(track, { kind: 'metadata', label: 'thumbnails', default: true, src: storyboard });
}

type Looks = Pick<PlayerProps, 'title' | 'autoplay' | 'muted'>;

/** Made by hand, because media-chrome asks for the rendition list at the moment it meets the element. */
function createVideo({ title, autoplay, muted }: Looks, renditions: RenditionList): HTMLVideoElement {
  const video = document.createElement('video');
  video.slot = 'media';
  video.playsInline = true;
  video.autoplay = autoplay;
  video.muted = muted;
  video.ariaLabel = title;
  return Object.assign(video, { videoRenditions: renditions });
}
