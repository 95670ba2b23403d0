import { type ChildProcess, execFile, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';

const run = promisify(execFile);
const COMMAND_DEADLINE_MS = 30_000;
const END_DEADLINE_MS = 15_000;
const SWITCH = 'switch';
const PREFIX = 'millrace-';

/** Why there can be no hosts on this machine. */
export class NoNamespaces extends Error {}

export type HostAddress = { readonly name: string; readonly address: string };

/**
 * Hosts as network namespaces of this machine, each with one cable to a switch, which is a namespace, too: nothing of it
 * is seen by the machine's own network. All of them go with their names, which carry the pid of this process.
 */
export class Network implements AsyncDisposable {
  readonly #hosts: ReadonlyMap<string, Host>;
  readonly #pid: number;

  private constructor(pid: number, hosts: ReadonlyMap<string, Host>) {
    this.#pid = pid;
    this.#hosts = hosts;
  }

  /** @throws NoNamespaces */
  static async open(addresses: readonly HostAddress[], pid = process.pid): Promise<Network> {
    await removeLeftovers();
    const hub = namespaceOf(pid, SWITCH);
    const hosts = new Map(addresses.map(({ name, address }) => [name, new Host(pid, name, address)]));
    const network = new Network(pid, hosts);
    try {
      await ip('netns', 'add', hub);
      await ip('-n', hub, 'link', 'add', 'bridge', 'type', 'bridge');
      await ip('-n', hub, 'link', 'set', 'bridge', 'up');
      for (const host of hosts.values()) await host.plugIn(hub);
      return network;
    } catch (cause) {
      await network[Symbol.asyncDispose]();
      throw new NoNamespaces('network namespaces take Linux, root and iproute2', { cause });
    }
  }

  host(name: string): Host {
    const host = this.#hosts.get(name);
    if (!host) throw new Error(`there is no host ${name}`);
    return host;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#hosts.values()].map((host) => host.end()));
    for (const name of [...this.#hosts.keys(), SWITCH]) await removeIfThere(namespaceOf(this.#pid, name));
  }
}

/** One of them: what runs on it sees its own loopback, its own ports and the other hosts. */
export class Host {
  readonly name: string;
  readonly address: string;
  readonly #namespace: string;
  readonly #hub: string;
  readonly #children = new Set<ChildProcess>();

  constructor(pid: number, name: string, address: string) {
    this.name = name;
    this.address = address;
    this.#namespace = namespaceOf(pid, name);
    this.#hub = namespaceOf(pid, SWITCH);
  }

  async plugIn(hub: string): Promise<void> {
    const own = this.#namespace;
    await ip('netns', 'add', own);
    await ip('link', 'add', 'eth0', 'netns', own, 'type', 'veth', 'peer', 'name', this.#port, 'netns', hub);
    await ip('-n', own, 'address', 'add', `${this.address}/24`, 'dev', 'eth0');
    for (const link of ['lo', 'eth0']) await ip('-n', own, 'link', 'set', link, 'up');
    await ip('-n', hub, 'link', 'set', this.#port, 'master', 'bridge', 'up');
  }

  /** Pulls the cable at the switch: nobody is told, packets just do not arrive. */
  async cutOff(): Promise<void> {
    await ip('-n', this.#hub, 'link', 'set', this.#port, 'down');
  }

  async connect(): Promise<void> {
    await ip('-n', this.#hub, 'link', 'set', this.#port, 'up');
  }

  /** A process that lives on. With the test it ends by itself: its IPC channel closes. */
  spawn(args: readonly string[], options: SpawnOptions): ChildProcess {
    const child = spawn('ip', ['netns', 'exec', this.#namespace, process.execPath, ...args], options);
    this.#children.add(child);
    return child;
  }

  async run(program: string, args: readonly string[], env: NodeJS.ProcessEnv, cwd: string): Promise<string> {
    const options = { env, cwd, timeout: COMMAND_DEADLINE_MS, maxBuffer: 64 * 1024 * 1024 };
    return (await run('ip', ['netns', 'exec', this.#namespace, program, ...args], options)).stdout;
  }

  async end(): Promise<void> {
    await Promise.all([...this.#children].map(endOf));
  }

  /** Names of interfaces have 15 characters at most. */
  get #port(): string {
    return `to-${this.name}`;
  }
}

async function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const killer = setTimeout(() => child.kill('SIGKILL'), END_DEADLINE_MS);
  await ended;
  clearTimeout(killer);
}

const namespaceOf = (pid: number, name: string): string => `${PREFIX}${pid}-${name}`;

const ip = (...args: string[]) => run('ip', args, { timeout: COMMAND_DEADLINE_MS });

async function namespaces(): Promise<string[]> {
  const { stdout } = await ip('netns', 'list').catch(() => ({ stdout: '' }));
  return stdout.split('\n').flatMap((line) => line.split(' ')[0] || []);
}

async function removeIfThere(namespace: string): Promise<void> {
  if ((await namespaces()).includes(namespace)) await ip('netns', 'delete', namespace);
}

/** Of tests that were killed. */
async function removeLeftovers(): Promise<void> {
  for (const namespace of await namespaces()) {
    const [, pid] = /^millrace-(\d+)-/.exec(namespace) ?? [];
    if (pid !== undefined && !isAlive(Number(pid))) await removeIfThere(namespace);
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    // There is no such process.
    return false;
  }
}
