import { lookup } from 'node:dns/promises';

/** Every address of a host name, as this machine sees it: its hosts file and its name servers. */
export async function resolveHost(hostname: string): Promise<{ address: string; family: 4 | 6 }[]> {
  const found = await lookup(hostname, { all: true });
  return found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }));
}
