import type { LogEvent } from '../domain/log-events.ts';
import type { Log } from '../lib/log.ts';
import { resolveHost } from './resolve-host.ts';

type Options = {
  readonly host: string;
  readonly port: number;
  readonly log: Log<LogEvent>;
  readonly resolve?: (host: string) => Promise<{ address: string; family: 4 | 6 }[]>;
  readonly everyMs?: number;
};

type NamedUrl = { readonly name: string; readonly url: string };
export type EdgeNameWatch = { readonly edges: () => readonly NamedUrl[]; readonly close: () => void };

/** Soon enough for an edge that was added; one that has gone is noticed by its silence, long before its name is. */
const RESOLVE_EVERY_MS = 5_000;

/**
 * The edges behind a DNS name: each address is one edge, named by address and port. While the name cannot be resolved,
 * or says nothing, those that were known last stay: a name server that is down ends no playback.
 */
export async function watchEdgeName(options: Options): Promise<EdgeNameWatch> {
  const { host, port, log, resolve = resolveHost, everyMs = RESOLVE_EVERY_MS } = options;
  let edges: readonly NamedUrl[] = [];
  let isFailing = false;
  let isClosed = false;
  let timer: NodeJS.Timeout | undefined;
  await look();
  return {
    edges: () => edges,
    close: () => {
      isClosed = true;
      clearTimeout(timer);
    },
  };

  async function look(): Promise<void> {
    try {
      adopt((await resolve(host)).map((found) => edgeAt(found, port)));
    } catch (err) {
      if (!isFailing) log.warn('edges_unresolved', { host, edges: edges.map(({ name }) => name), err });
      isFailing = true;
    }
    if (!isClosed) timer = setTimeout(() => void look(), everyMs);
  }

  function adopt(found: readonly NamedUrl[]): void {
    if (found.length === 0) throw new Error(`${host} has no address`);
    isFailing = false;
    const sorted = found.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    if (namesOf(sorted) === namesOf(edges)) return;
    edges = Object.freeze(sorted);
    log.info('edges_resolved', { host, edges: edges.map(({ name }) => name) });
  }
}

function edgeAt({ address, family }: { address: string; family: 4 | 6 }, port: number): NamedUrl {
  const name = `${family === 6 ? `[${address}]` : address}:${port}`;
  return { name, url: `http://${name}` };
}

const namesOf = (edges: readonly NamedUrl[]): string => edges.map(({ name }) => name).join();
