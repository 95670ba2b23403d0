import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { listenOn } from '../../src/lib/listen.ts';
import type { Line } from './line.ts';

const run = promisify(execFile);
const COMMAND_DEADLINE_MS = 10_000;
/** As docs of tc-tbf advise: more than a tick of the kernel's clock carries, and little beside a segment. */
const SHAPE = ['burst', '32kb', 'latency', '300ms'];
/** Why there can be no namespace on this machine. */
export class NoNamespaces extends Error {}

export type NamespaceLineOptions = {
  readonly targetUrl: string;
  readonly browserPath: string;
  /** Tells the lines of this process apart, from 0 to 62. */
  readonly number: number;
  readonly pid: number;
};

/** A network namespace with one cable to this machine, shaped at both ends by the kernel. @throws NoNamespaces */
export async function openNamespaceLine(options: NamespaceLineOptions): Promise<Line> {
  const { targetUrl, browserPath, number, pid } = options;
  const name = `mr${pid}-${number}`;
  const [here, there] = [`mrh${pid}-${number}`, `mrt${pid}-${number}`];
  // RFC 2544 keeps 198.18.0.0/15 for measurements: no network is there.
  const network = `198.18.${pid % 256}`;
  const [hereIp, thereIp] = [`${network}.${4 * number + 1}`, `${network}.${4 * number + 2}`];
  const inside = (...args: string[]) => command('ip', 'netns', 'exec', name, ...args);
  try {
    await command('ip', 'netns', 'add', name);
  } catch (cause) {
    throw new NoNamespaces('ip netns add failed', { cause });
  }
  const folder = await mkdtemp(join(tmpdir(), 'millrace-line-'));
  const undo = async (): Promise<void> => {
    // With the namespace its end of the cable goes, and with that the other one.
    await command('ip', 'netns', 'delete', name);
    await rm(folder, { recursive: true });
  };
  try {
    await command('ip', 'link', 'add', here, 'type', 'veth', 'peer', 'name', there, 'netns', name);
    await command('ip', 'address', 'add', `${hereIp}/30`, 'dev', here);
    await command('ip', 'link', 'set', here, 'up');
    await inside('ip', 'address', 'add', `${thereIp}/30`, 'dev', there);
    await inside('ip', 'link', 'set', there, 'up');
    await inside('ip', 'link', 'set', 'lo', 'up');
    const browser = join(folder, 'browser');
    await writeFile(browser, `#!/bin/sh\nexec ip netns exec ${name} ${browserPath} "$@"\n`);
    await chmod(browser, 0o755);
    const relay = await openRelay(hereIp, targetUrl);
    return {
      kind: 'tc tbf at both ends of a veth pair',
      url: relay.url,
      browserPath: browser,
      give: async (bitsPerSecond) => {
        const shape = ['root', 'tbf', 'rate', `${bitsPerSecond}bit`, ...SHAPE];
        await command('tc', 'qdisc', 'replace', 'dev', here, ...shape);
        await inside('tc', 'qdisc', 'replace', 'dev', there, ...shape);
      },
      preferBrowser: () => prefer(name),
      [Symbol.asyncDispose]: async () => {
        relay.close();
        await undo();
      },
    };
  } catch (cause) {
    await undo();
    throw new NoNamespaces('the namespace could not be set up', { cause });
  }
}

const command = (program: string, ...args: string[]) => run(program, args, { timeout: COMMAND_DEADLINE_MS });

/** Before other work of the machine, where nice is 0. */
const BROWSER_NICE = -10;

/** Chromium sets the priority of its processes by itself, so that this comes after it has begun to play. */
async function prefer(namespace: string): Promise<void> {
  const { stdout: pids } = await command('ip', 'netns', 'pids', namespace);
  const { stdout: groups } = await command('ps', '-o', 'pgid=', '-p', pids.trim().replaceAll('\n', ','));
  // Of a group, since of a process it would be one thread.
  await command('renice', '-n', String(BROWSER_NICE), '-g', ...new Set(groups.trim().split(/\s+/)));
}

/** The platform listens on loopback only; the namespace has another one. Nothing is shaped here. */
async function openRelay(host: string, targetUrl: string): Promise<{ url: string; close(): void }> {
  const target = new URL(targetUrl);
  const ended = new AbortController();
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect(Number(target.port), target.hostname);
    // A player leaves in mid-segment when it likes; that ends both halves.
    pipeline(near, far, near, { signal: ended.signal }).catch(() => far.destroy());
  });
  const close = (): void => {
    ended.abort();
    server.close();
  };
  return { url: await listenOn(server, 0, host), close };
}
