import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Edge } from '../route/pick-edge.ts';
import type { Config } from './config.ts';
import { parseEdges } from './edge-list.ts';

const fileOf = (data: string): string => join(data, 'run', 'edges');

/** Notes the edges of an instance in the form of MILLRACE_EDGES, for commands that are given an edge's name. */
export const noteEdges = (data: string, edges: string): Promise<void> => writeFile(fileOf(data), `${edges}\n`);

/** The edges of the setting where it lists them, else those of the instance of the data folder. */
export async function knownEdges({ MILLRACE_EDGES: setting, MILLRACE_DATA: data }: Config): Promise<readonly Edge[]> {
  if (setting.includes('=')) return parseEdges(setting);
  const noted = await readFile(fileOf(data), 'utf8').catch(() => '');
  return noted === '' ? [] : parseEdges(noted.trim());
}
