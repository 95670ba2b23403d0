import type { LogEvent } from '../domain/log-events.ts';
import type { Log } from '../lib/log.ts';
import type { Edge } from './pick-edge.ts';

/** How an exchange with an edge failed. 'unreachable': nothing listens there; the others may be bad luck. */
export type EdgeFailure = 'unreachable' | 'timeout' | 'reset' | 'unhealthy' | 'broken_off';

export type EdgeHealth = {
  /** The edges of this moment, each with the verdict on it. An edge that nobody has heard of yet counts as healthy. */
  edges(): readonly Edge[];
  noteSuccess(url: string): void;
  noteFailure(url: string, failure: EdgeFailure): void;
  /** Begins to probe. */
  start(): void;
  /** Ends probing; resolves when no probe is under way any more. */
  stop(): Promise<void>;
};

type Deps = {
  /** Asked every time, because a supervisor may have restarted an edge at another port. */
  readonly listEdges: () => readonly string[];
  /** Asks an edge's /health; undefined means well. */
  readonly probe: (url: string, signal: AbortSignal) => Promise<EdgeFailure | undefined>;
  readonly log: Log<LogEvent>;
  readonly probeEveryMs?: number;
};

const PROBE_EVERY_MS = 1000;
const PROBE_DEADLINE_MS = 1000;
/** One missed probe on a loaded machine is a false alarm (measured: docs/routing.md); several in a row are not. */
const MISSES_TO_EJECT = 3;

type Standing = { misses: number; isOut: boolean };

/**
 * Who is healthy follows from probes and from what proxied requests meet. A refused connection is certain, and
 * puts the edge out at once; anything else is one miss. One success of either sort brings an edge back.
 */
export function createEdgeHealth({ listEdges, probe, log, probeEveryMs = PROBE_EVERY_MS }: Deps): EdgeHealth {
  const standings = new Map<string, Standing>();
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let round: Promise<void> = Promise.resolve();

  return {
    edges: () => listEdges().map((url) => ({ url, isHealthy: !standings.get(url)?.isOut })),
    noteSuccess,
    noteFailure,
    start: () => {
      round = probeAll();
    },
    stop: async () => {
      stopping.abort();
      clearTimeout(timer);
      await round;
    },
  };

  async function probeAll(): Promise<void> {
    const urls = listEdges();
    for (const url of standings.keys()) if (!urls.includes(url)) standings.delete(url);
    await Promise.all(urls.map(probeOne));
    if (stopping.signal.aborted) return;
    timer = setTimeout(() => {
      round = probeAll();
    }, probeEveryMs);
  }

  async function probeOne(url: string): Promise<void> {
    const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(PROBE_DEADLINE_MS)]);
    const failure = await probe(url, signal);
    if (stopping.signal.aborted) return;
    if (failure) noteFailure(url, failure);
    else noteSuccess(url);
  }

  function noteSuccess(url: string): void {
    if (standings.get(url)?.isOut) log.info('edge_up', { edge: url });
    standings.delete(url);
  }

  function noteFailure(url: string, failure: EdgeFailure): void {
    const { misses, isOut } = standings.get(url) ?? { misses: 0, isOut: false };
    const goesOut = failure === 'unreachable' || misses + 1 >= MISSES_TO_EJECT;
    if (goesOut && !isOut) log.warn('edge_down', { edge: url, reason: failure, misses: misses + 1 });
    standings.set(url, { misses: misses + 1, isOut: isOut || goesOut });
  }
}
