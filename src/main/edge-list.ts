import { watchEdgeName } from '../adapters/edge-name-watch.ts';
import type { LogEvent } from '../domain/log-events.ts';
import type { Log } from '../lib/log.ts';
import type { Edge } from '../route/pick-edge.ts';
import { type Config, ConfigError } from './config.ts';

export type EdgeList = { readonly edges: () => readonly Edge[]; readonly close: () => void };

/** The edges of a router: a list of addresses, or a name whose addresses are asked for again and again. */
export async function openEdgeList({ MILLRACE_EDGES: setting }: Config, log: Log<LogEvent>): Promise<EdgeList> {
  const name = DNS_NAME.exec(setting);
  if (name) return watchEdgeName({ host: name[1] ?? '', port: Number(name[2]), log });
  const edges = parseEdges(setting);
  return { edges: () => edges, close: () => {} };
}

/** @throws ConfigError */
export function parseEdges(setting: string): readonly Edge[] {
  const edges = setting.split(',').map((entry) => parseEdge(entry.trim()));
  const names = new Set(edges.map((edge) => edge.name));
  if (names.size < edges.length) throw new ConfigError('MILLRACE_EDGES: two edges have the same name');
  return Object.freeze(edges);
}

/**
 * The addresses at which players reach edges by themselves, by the edges' names.
 * @throws ConfigError
 */
export function parsePublicUrls(config: Config): ReadonlyMap<string, string> | undefined {
  const { MILLRACE_EDGE_PUBLIC_URLS: setting, MILLRACE_PLAYBACK_ORIGINS: origins } = config;
  if (setting === undefined) return undefined;
  if (origins)
    throw new ConfigError('MILLRACE_EDGE_PUBLIC_URLS: not with MILLRACE_PLAYBACK_ORIGINS, of which edges know nothing');
  return new Map(setting.split(',').map((entry) => parsePublicUrl(entry.trim())));
}

const PUBLIC_ENTRY = /^(?!proxy=)([\w.-]{1,100})=(https?:\/\/[\w.:[\]-]+)\/?$/;

function parsePublicUrl(entry: string): [string, string] {
  const [, name, url] = PUBLIC_ENTRY.exec(entry) ?? [];
  if (name === undefined || url === undefined || !URL.canParse(url))
    throw new ConfigError(`MILLRACE_EDGE_PUBLIC_URLS: "${entry}" is not a name and its address (edge-1=https://host)`);
  return [name, url];
}

const DNS_NAME = /^dns:\/\/([a-zA-Z0-9.-]+):(\d{1,5})$/;
/** `http://10.0.0.7:8101`, or with the name that the edge has in its logs: `edge-1=http://10.0.0.7:8101`. */
const ENTRY = /^(?:([\w.-]{1,100})=)?(http:\/\/([\w.:[\]-]+))\/?$/;

function parseEdge(entry: string): Edge {
  const [, name, url, address] = ENTRY.exec(entry) ?? [];
  if (url === undefined || address === undefined || !URL.canParse(url))
    throw new ConfigError(`MILLRACE_EDGES: "${entry}" is not the address of an edge (name=http://host:port)`);
  return { name: name ?? address, url };
}
