import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { z } from 'zod';
import { listenOn } from '../lib/listen.ts';
import { isAlive } from './is-alive.ts';

/**
 * One data folder belongs to at most one running instance. The file below it names the instance; the instance answers
 * on a loopback port to whoever knows the token in the file. A pid alone would not do: it may be another process by now.
 */
const description = z.object({ pid: z.int(), controlUrl: z.url(), token: z.string(), url: z.url() });
export type Instance = z.infer<typeof description>;

const fileOf = (data: string): string => join(data, 'run', 'instance.json');
const CALL_DEADLINE_MS = 2_000;

/** The instance that runs on this data folder, if one does. */
export const findInstance = async (data: string): Promise<Instance | undefined> =>
  runningOf(await textIn(fileOf(data)));

const textIn = (file: string): Promise<string | undefined> =>
  readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });

async function runningOf(text: string | undefined): Promise<Instance | undefined> {
  const instance = parseInstance(text);
  return instance && (await callInstance(instance, '/health')) ? instance : undefined;
}

function parseInstance(text = ''): Instance | undefined {
  try {
    return description.safeParse(JSON.parse(text)).data;
  } catch {
    // Cut off by a power loss: whoever wrote it runs no more.
    return undefined;
  }
}

/** @returns whether it is there, if need be too busy to answer: its database must not be taken from it. */
export async function callInstance(instance: Instance, path: '/health' | '/stop'): Promise<boolean> {
  const headers = { authorization: `Bearer ${instance.token}` };
  const options = { method: 'POST', headers, signal: AbortSignal.timeout(CALL_DEADLINE_MS) };
  return fetch(new URL(path, instance.controlUrl), options).then(
    (response) => response.ok,
    (error: Error) => error.name === 'TimeoutError' && isAlive(instance.pid),
  );
}

export type Claim = { readonly release: () => Promise<void> };

/** Takes the data folder for this process. @returns undefined when another instance has it. */
export async function claimInstance(data: string, url: string, onStop: () => void): Promise<Claim | undefined> {
  await mkdir(join(data, 'run'), { recursive: true });
  const token = randomBytes(16).toString('hex');
  const server = controlServer(token, onStop);
  const controlUrl = await listenOn(server, 0, '127.0.0.1');
  const text = JSON.stringify({ pid: process.pid, controlUrl, token, url });
  let isOurs = false;
  try {
    isOurs = await putInstanceFile(data, text, token);
  } finally {
    if (!isOurs) server.close();
  }
  if (!isOurs) return undefined;
  return {
    release: async () => {
      server.close();
      server.closeAllConnections();
      if ((await textIn(fileOf(data))) === text) await rm(fileOf(data), { force: true });
    },
  };
}

/** A link is made only where nothing stands, so of two starts at once one wins. */
async function putInstanceFile(data: string, text: string, token: string): Promise<boolean> {
  const draft = `${fileOf(data)}.${token}`;
  try {
    await writeFile(draft, text, { mode: 0o600 });
    for (let tries = 0; tries < 3; tries++) {
      // Looked at again: a third start may have moved it aside, and a fourth have come into the gap.
      if (await linked(draft, fileOf(data))) return (await textIn(fileOf(data))) === text;
      const standing = await textIn(fileOf(data));
      if (await runningOf(standing)) return false;
      if (standing !== undefined) await dropStale(data, standing, token);
    }
    return false;
  } finally {
    await rm(draft, { force: true });
  }
}

const linked = (from: string, to: string): Promise<boolean> =>
  link(from, to).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return false;
      throw error;
    },
  );

/**
 * Removes what an instance left behind that was killed. Of two starts that have both seen it, the later one may meet the
 * file that the earlier one has made since: so it is moved aside, looked at, and put back.
 */
async function dropStale(data: string, stale: string, token: string): Promise<void> {
  const aside = `${fileOf(data)}.${token}.stale`;
  try {
    await rename(fileOf(data), aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    // Where another start has come into the gap, it has the folder.
    if ((await textIn(aside)) !== stale) await linked(aside, fileOf(data));
  } finally {
    await rm(aside);
  }
}

function controlServer(token: string, onStop: () => void): Server {
  return createServer((request, response) => {
    const isAllowed = request.headers.authorization === `Bearer ${token}` && request.method === 'POST';
    response.writeHead(isAllowed ? 204 : 404).end();
    if (isAllowed && request.url === '/stop') onStop();
  });
}
