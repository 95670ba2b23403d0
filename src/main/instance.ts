import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { z } from 'zod';
import { listenOn } from '../lib/listen.ts';

/**
 * One data folder belongs to at most one running instance. The file below it names the instance; the instance answers
 * on a loopback port to whoever knows the token in the file. A pid alone would not do: it may be another process by now.
 */
const description = z.object({ pid: z.int(), controlUrl: z.url(), token: z.string(), url: z.url() });
export type Instance = z.infer<typeof description>;

const fileOf = (data: string): string => join(data, 'run', 'instance.json');
const CALL_DEADLINE_MS = 2_000;

/** The instance that runs on this data folder, if one does. */
export async function findInstance(data: string): Promise<Instance | undefined> {
  const text = await readFile(fileOf(data), 'utf8').catch(() => undefined);
  const parsed = description.safeParse(text === undefined ? undefined : JSON.parse(text));
  if (!parsed.success) return undefined;
  return (await callInstance(parsed.data, '/health')) ? parsed.data : undefined;
}

export async function callInstance(instance: Instance, path: '/health' | '/stop'): Promise<boolean> {
  const headers = { authorization: `Bearer ${instance.token}` };
  const options = { method: 'POST', headers, signal: AbortSignal.timeout(CALL_DEADLINE_MS) };
  return fetch(new URL(path, instance.controlUrl), options).then(
    (response) => response.ok,
    () => false,
  );
}

export type Claim = { readonly release: () => Promise<void> };

/** Takes the data folder for this process. @returns undefined when another instance has it. */
export async function claimInstance(data: string, url: string, onStop: () => void): Promise<Claim | undefined> {
  await mkdir(join(data, 'run'), { recursive: true });
  const token = randomBytes(16).toString('hex');
  const server = controlServer(token, onStop);
  await listenOn(server, 0, '127.0.0.1');
  const { port } = server.address() as AddressInfo;
  const instance: Instance = { pid: process.pid, controlUrl: `http://127.0.0.1:${port}`, token, url };
  let isOurs = false;
  try {
    isOurs = await putInstanceFile(data, instance);
  } finally {
    if (!isOurs) server.close();
  }
  if (!isOurs) return undefined;
  return {
    release: async () => {
      await rm(fileOf(data), { force: true });
      server.close();
      server.closeAllConnections();
    },
  };
}

/** A link is made only where nothing stands, so of two starts at once one wins. */
async function putInstanceFile(data: string, instance: Instance): Promise<boolean> {
  const draft = `${fileOf(data)}.${process.pid}`;
  await writeFile(draft, JSON.stringify(instance), { mode: 0o600 });
  try {
    for (let tries = 0; tries < 3; tries++) {
      const made = await link(draft, fileOf(data)).then(
        () => true,
        (error: NodeJS.ErrnoException) => {
          if (error.code === 'EEXIST') return false;
          throw error;
        },
      );
      if (made) return true;
      if (await findInstance(data)) return false;
      // Left behind by an instance that was killed.
      await rm(fileOf(data), { force: true });
    }
    return false;
  } finally {
    await rm(draft, { force: true });
  }
}

function controlServer(token: string, onStop: () => void): Server {
  return createServer((request, response) => {
    const isAllowed = request.headers.authorization === `Bearer ${token}` && request.method === 'POST';
    response.writeHead(isAllowed ? 204 : 404).end();
    if (isAllowed && request.url === '/stop') onStop();
  });
}
