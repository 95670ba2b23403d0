import type { LogEvent } from '../domain/log-events.ts';
import type { Clock } from '../domain/ports.ts';
import type { Log } from '../lib/log.ts';
import type { Edge, KnownEdge } from './pick-edge.ts';
import type { Probed } from './probe-edge.ts';

/** How an exchange with an edge failed. 'refused': nothing listens there; the others may be bad luck. */
export type EdgeFailure =
  | 'refused'
  | 'first_byte_timeout'
  | 'reset'
  | 'stalled'
  | 'bad_answer'
  | 'unhealthy'
  | 'overloaded';

export type EdgeHealth = {
  /** The edges of this moment, each with the verdict on it. One that nobody has heard of yet counts as healthy. */
  edges(): readonly KnownEdge[];
  /**
   * A request was answered, whole, which forgives the misses of others. It brings no edge back: it may have begun
   * before the edge went out, or be an error.
   */
  noteSuccess(name: string): void;
  noteFailure(name: string, failure: EdgeFailure): void;
  /** Begins to probe. */
  start(): void;
  /** Ends probing. What a probe that is under way finds is no longer noted. */
  stop(): void;
};

type Deps = {
  /** Asked every time: a name may stand for another address by now. */
  readonly listEdges: () => readonly Edge[];
  readonly probe: (url: string) => Promise<Probed>;
  readonly clock: Clock;
  readonly log: Log<LogEvent>;
  readonly probeEveryMs?: number;
};

const PROBE_EVERY_MS = 1000;
/** One missed probe on a loaded machine is a false alarm (measured: docs/routing.md); several in a row are not. */
const MISSES_TO_EJECT = 3;
/** An edge whose /health is fine while its requests fail is tried again only after this long. */
const REQUESTS_FAILED_MS = 5000;
/** An edge that returns, or joins, has a cold cache: its share of new sessions grows from a tenth to all of it. */
const SLOW_START_MS = 30_000;
const FIRST_SHARE = 0.1;

type Account = {
  misses: { probe: number; request: number };
  isDraining: boolean;
  /** Set while it is out. */
  out: { readonly sinceMs: number; readonly by: 'probe' | 'request' } | undefined;
  /** When it returned or joined. */
  sinceMs: number;
};

/**
 * Who is healthy follows from probes and from what proxied requests meet, counted apart: an edge may answer its
 * /health and stall its segments. A refused connection is certain, and puts the edge out at once; anything else is one
 * miss, and three in a row of one sort put it out.
 */
export function createEdgeHealth({ listEdges, probe, clock, log, probeEveryMs = PROBE_EVERY_MS }: Deps): EdgeHealth {
  const accounts = new Map<string, Account>();
  const probing = new Set<string>();
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  for (const { name } of listEdges()) accounts.set(name, newAccount(-Infinity));

  return {
    edges: () => listEdges().map((edge) => ({ ...edge, ...verdict(edge.name) })),
    noteSuccess: (name) => {
      const account = accounts.get(name);
      if (account) account.misses.request = 0;
    },
    noteFailure: (name, failure) => noteMiss(name, 'request', failure),
    start: () => {
      probeAll();
      timer = setInterval(probeAll, probeEveryMs);
    },
    stop: () => {
      isStopped = true;
      clearInterval(timer);
    },
  };

  function verdict(name: string): Pick<KnownEdge, 'standing' | 'share'> {
    const account = accountOf(name);
    const ageMs = clock.nowMs() - account.sinceMs;
    const share = Math.min(1, FIRST_SHARE + ((1 - FIRST_SHARE) * ageMs) / SLOW_START_MS);
    if (account.out) return { standing: 'out', share };
    return { standing: account.isDraining ? 'draining' : 'healthy', share };
  }

  function accountOf(name: string): Account {
    const known = accounts.get(name);
    if (known) return known;
    const joined = newAccount(clock.nowMs());
    accounts.set(name, joined);
    return joined;
  }

  /** One that has not answered yet is not asked again, and holds up no other. */
  function probeAll(): void {
    const edges = listEdges();
    const names = new Set(edges.map(({ name }) => name));
    for (const name of accounts.keys()) if (!names.has(name)) accounts.delete(name);
    for (const edge of edges) if (!probing.has(edge.name)) void probeOne(edge);
  }

  /** Never fails: a probe answers, whatever happens. */
  async function probeOne({ name, url }: Edge): Promise<void> {
    probing.add(name);
    const probed = await probe(url);
    probing.delete(name);
    if (isStopped) return;
    if (probed !== 'ok' && probed !== 'draining') return noteMiss(name, 'probe', probed);
    const account = accountOf(name);
    account.misses.probe = 0;
    noteDraining(name, account, probed === 'draining');
    const outForMs = account.out ? clock.nowMs() - account.out.sinceMs : 0;
    if (account.out?.by === 'probe' || outForMs >= REQUESTS_FAILED_MS) bringBack(name, account);
  }

  function noteDraining(name: string, account: Account, isDraining: boolean): void {
    if (account.isDraining !== isDraining) log.info('edge_draining', { edge: name, draining: isDraining });
    account.isDraining = isDraining;
  }

  function bringBack(name: string, account: Account): void {
    accounts.set(name, { ...newAccount(clock.nowMs()), isDraining: account.isDraining });
    log.info('edge_up', { edge: name, outForMs: clock.nowMs() - (account.out?.sinceMs ?? clock.nowMs()) });
  }

  function noteMiss(name: string, by: 'probe' | 'request', reason: EdgeFailure): void {
    const account = accountOf(name);
    const misses = ++account.misses[by];
    if (account.out || (reason !== 'refused' && misses < MISSES_TO_EJECT)) return;
    // A refused connection says the same whoever meets it: the next probe that gets through ends it.
    account.out = { sinceMs: clock.nowMs(), by: reason === 'refused' ? 'probe' : by };
    log.warn('edge_down', { edge: name, reason, by, misses });
  }
}

const newAccount = (sinceMs: number): Account => ({
  misses: { probe: 0, request: 0 },
  isDraining: false,
  out: undefined,
  sinceMs,
});
