import type { RenditionList } from './rendition-list.ts';

export type Playback = {
  /** The playlist or manifest that starts a session. */
  readonly src: string;
  readonly startSeconds: number;
  readonly renditions: RenditionList;
  /** Playback ended for good, with a sentence for the viewer. Called at most once. */
  readonly onFailure: (message: string) => void;
};

/** Lets a media element play a source; the answer lets go of it again. */
export type Attach = (video: HTMLVideoElement, playback: Playback) => () => void;

export const UNSUPPORTED = 'This browser cannot play segmented video. Use a current Chrome, Edge, Firefox or Safari.';
export const INTERRUPTED = 'The segment servers do not answer. Check the connection, then try again.';
export const UNDECODABLE = 'This browser cannot decode the video.';
export const GONE = 'This video is no longer there.';
