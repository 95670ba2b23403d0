/** Segment numbers, first and last of each run without a gap. */
export type Spans = readonly (readonly [number, number])[];

/** Requests one after the other that were answered alike. */
export type ServedRun = {
  readonly is: 'served';
  /** When the last of them ended, ISO 8601. */
  readonly until: string;
  readonly edge: string;
  /** Of objects: segment, init, playlist, multivariant, manifest, iframes, image, text. */
  readonly kind: string;
  readonly rendition?: string;
  readonly segments: Spans;
  /** The cache of the edge; the store; a read that was under way for somebody else. */
  readonly from: 'cache' | 'store' | 'joined';
  readonly requests: number;
  /** Of those from the cache: what read-ahead had brought, asked for for the first time. */
  readonly readAhead: number;
  /** Served although older than it should be: the store did not answer. */
  readonly stale: number;
  /** The client did not wait for the end. */
  readonly aborted: number;
  readonly bytes: number;
  readonly slowestMs: number;
};

/** Requests one after the other that were refused alike, or failed. */
export type RefusedRun = {
  readonly is: 'refused';
  readonly until: string;
  readonly edge: string;
  readonly status: number;
  /** Of the problem: errors.md of the API. */
  readonly code?: string;
  readonly kind?: string;
  readonly rendition?: string;
  readonly segments: Spans;
  readonly requests: number;
  readonly message?: string;
};

/** Requests that the router, or the edge's own server, could not answer, for one reason. */
export type FailedRun = {
  readonly is: 'failed';
  readonly until: string;
  readonly role: string;
  readonly status?: number;
  readonly message: string;
  readonly requests: number;
};

/** What was fetched before it was asked for, or would have been. */
export type AheadRun = {
  readonly is: 'read_ahead' | 'not_read_ahead';
  readonly until: string;
  readonly edge: string;
  readonly kind: string;
  readonly rendition?: string;
  readonly segments: Spans;
  readonly objects: number;
  readonly bytes: number;
  /** Why it would be wanted: next, fast, named, start, switch. */
  readonly reason: string;
  /** What was in the way. */
  readonly obstacle?: string;
};

/** What a player said of itself with a request, by CMCD. */
export type PlayerSaid = {
  /** `mtp`: what it measured. */
  readonly throughputKbps?: number;
  /** `bl`: how much it has ahead of what it shows. */
  readonly bufferMs?: number;
  /** `br`: the bitrate of what it asks for. */
  readonly encodedKbps?: number;
};

/** One thing that happened in a viewing. `at` is ISO 8601; of a request it is when it began. */
export type SessionEntry = { readonly at: string } & (
  | {
      readonly is: 'started';
      /** Undefined where no edge was healthy. */
      readonly edge?: string;
      readonly choice?: string;
      readonly file: string;
      readonly expiresAt: string;
      /** It took a playback token. */
      readonly granted: boolean;
    }
  | ServedRun
  | RefusedRun
  | AheadRun
  | ({
      readonly is: 'switched';
      readonly from: string;
      readonly to: string;
      readonly segment: number;
      readonly edge: string;
      /** The edge wrote so; false where it shows only between what two edges wrote. */
      readonly logged: boolean;
    } & PlayerSaid)
  | ({ readonly is: 'starved'; readonly rendition?: string; readonly segment?: number } & PlayerSaid)
  | {
      readonly is: 'moved';
      readonly from: string;
      readonly to: string;
      readonly reason: string;
      readonly tries: number;
      /** Of the body, that the first edge had sent. */
      readonly bytes: number;
    }
  | {
      readonly is: 'broken_off';
      readonly edge?: string;
      readonly status: number;
      readonly bytes: number;
      readonly reason?: string;
    }
  | FailedRun
  /** What befell an edge of the session, or its video, meanwhile. */
  | {
      readonly is: 'meanwhile';
      readonly event: string;
      readonly node: string;
      readonly edge?: string;
      readonly reason?: string;
      readonly by?: string;
      /** Whether an edge drains from then on. */
      readonly draining?: boolean;
    }
);

export type SessionStory = {
  readonly about: 'session';
  readonly sessionId: string;
  readonly videoId?: string;
  readonly from: string;
  readonly to: string;
  readonly entries: readonly SessionEntry[];
  readonly totals: SessionTotals;
};

export type SessionTotals = {
  readonly requests: number;
  readonly bytes: number;
  readonly hits: number;
  readonly readAhead: number;
  readonly misses: number;
  readonly joined: number;
  readonly refused: number;
  readonly switches: number;
  readonly moves: number;
  /** The least that the player said it had in its buffer, once it had begun. */
  readonly leastBufferMs?: number;
};
