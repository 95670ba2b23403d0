import type { Session } from './open-session.ts';

/** One segment that the player has loaded. */
export type SegmentNote = {
  readonly rendition: string;
  readonly segment: number;
  readonly bytes: number;
  /** From the request to the last byte. */
  readonly loadMs: number;
  /** What the edge's cache said (X-Cache), and which edge it was (X-Served-By); empty where it said nothing. */
  readonly cache: string;
  readonly edge: string;
};

/** As many as the statistics show. */
export const NOTED_SEGMENTS = 24;

/** What is known of the running session, for the statistics. */
export class PlaybackNotes {
  #session: Session | undefined;
  #segments: readonly SegmentNote[] = [];
  readonly #onSession: (session: Session) => void;

  constructor(onSession: (session: Session) => void) {
    this.#onSession = onSession;
  }

  get session(): Session | undefined {
    return this.#session;
  }

  /** The last ones, oldest first. */
  get segments(): readonly SegmentNote[] {
    return this.#segments;
  }

  begin(session: Session): void {
    this.#session = session;
    this.#segments = [];
    this.#onSession(session);
  }

  /** Takes no notice of what is no segment: playlists, inits, captions. */
  loaded(url: string, load: Omit<SegmentNote, 'rendition' | 'segment'>): void {
    const [, rendition, number] = /\/g\d+\/([a-z0-9-]+)\/(\d{6})\.m4s/.exec(url) ?? [];
    if (rendition === undefined) return;
    this.#segments = [...this.#segments, { rendition, segment: Number(number), ...load }].slice(-NOTED_SEGMENTS);
  }
}

export const isAudio = ({ rendition }: Pick<SegmentNote, 'rendition'>): boolean => rendition.startsWith('a');
