import type { AudioTrackList } from './audio-track-list.ts';
import type { Failure } from './failure.ts';
import type { PlaybackNotes } from './playback-notes.ts';
import type { RenditionList } from './rendition-list.ts';

export type Playback = {
  /** The playlist or manifest that starts a session. */
  readonly src: string;
  readonly startSeconds: number;
  readonly renditions: RenditionList;
  readonly audioTracks: AudioTrackList;
  /** Where it is written down what the session is and what it loads. */
  readonly notes: PlaybackNotes;
  /** Playback ended for good. Called at most once. */
  readonly onFailure: (failure: Failure) => void;
};

export type Attached = {
  /** Lets go of the media element; another source may be given to it when that is done. */
  detach(): void | Promise<void>;
  /** What the player expects of the network, in bits per second; undefined before it knows. */
  throughputBps(): number | undefined;
};

/** Lets a media element play a source. */
export type Attach = (video: HTMLVideoElement, playback: Playback) => Attached;
