/**
 * An edge beside nginx (static, and as a cache) and Varnish, one process each on one core, the load on another: the same
 * bytes from a warm cache, by turns, over loopback with connections that are kept.
 *
 *   node bench/serve.ts [--rounds 3] [--seconds 3] [--sizes 2000,200000,1000000,4000000] [--connections 1,64,512]
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { type Contender, startContenders } from './serve-peers.ts';

const run = promisify(execFile);
const CLIENT_CORE = '1';
const TICKS_PER_SECOND = 100;
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '3' },
    sizes: { type: 'string', default: '2000,200000,1000000,4000000' },
    connections: { type: 'string', default: '1,64,512' },
  },
});
const numbers = (list: string): number[] => list.split(',').map(Number);
const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
if (!existsSync('/usr/bin/wrk')) throw new Error('wrk is not installed');

type Run = {
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  cpuSeconds: number;
  bytes: number;
  errors: number;
  load: number;
};

const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'));
await using owned = new AsyncDisposableStack();
owned.defer(() => rm(folder, { recursive: true, force: true }));
const { contenders, lacking } = await startContenders(folder, numbers(values.sizes), owned);
if (lacking.length > 0) console.log(`Not installed, and so not here: ${lacking.join(', ')}.`);
console.log(`${rounds} rounds of ${seconds} s; load of the machine at the start ${loadavg()[0]?.toFixed(1)}`);
console.log(
  '\n| object, connections | server | requests/s | ÷ nginx static | p50 ms | p99 ms | CPU s per GB | RSS MiB | errors | load |',
);
console.log('|---|---|---|---|---|---|---|---|---|---|');
for (const bytes of numbers(values.sizes))
  for (const connections of numbers(values.connections)) await cell(bytes, connections);

async function cell(bytes: number, connections: number): Promise<void> {
  const runs = new Map(contenders.map(({ name }) => [name, [] as Run[]]));
  for (let round = 0; round < rounds; round++)
    for (const contender of contenders) runs.get(contender.name)?.push(await load(contender, bytes, connections));
  const nginx = median(runs.get('nginx, static'), 'perSecond');
  for (const { name, pid } of contenders) {
    const of = runs.get(name);
    const gigabytes = sum(of, 'bytes') / 1e9;
    const cells = [
      `${bytes / 1000} KB, ${connections}`,
      name,
      median(of, 'perSecond').toFixed(0),
      (median(of, 'perSecond') / nginx).toFixed(2),
      median(of, 'p50Ms').toFixed(2),
      median(of, 'p99Ms').toFixed(2),
      (sum(of, 'cpuSeconds') / gigabytes).toFixed(2),
      await residentMiB(pid),
      sum(of, 'errors'),
      median(of, 'load').toFixed(0),
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
}

async function load({ urlOf, pid }: Contender, bytes: number, connections: number): Promise<Run> {
  const options = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '20s', '--latency', urlOf(bytes)];
  const before = await cpuSeconds(pid);
  const { stdout } = await run('taskset', ['-c', CLIENT_CORE, 'wrk', ...options]);
  const cpu = (await cpuSeconds(pid)) - before;
  const requests = Number(/(\d+) requests in/.exec(stdout)?.[1]);
  const errors = [...stdout.matchAll(/(?:connect|read|write|timeout|responses:) (\d+)/g)];
  return {
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]),
    p50Ms: milliseconds(/^ +50% +(\S+)/m.exec(stdout)?.[1]),
    p99Ms: milliseconds(/^ +99% +(\S+)/m.exec(stdout)?.[1]),
    cpuSeconds: cpu,
    bytes: requests * bytes,
    errors: errors.reduce((total, [, count]) => total + Number(count), 0),
    load: loadavg()[0] ?? 0,
  };
}

function milliseconds(text = ''): number {
  const [, number = '', unit = ''] = /^([\d.]+)(us|ms|s|m)$/.exec(text) ?? [];
  return Number(number) * ({ us: 0.001, ms: 1, s: 1000, m: 60_000 }[unit] ?? Number.NaN);
}

async function cpuSeconds(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

async function residentMiB(pid: number): Promise<string> {
  const kibibytes = /VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1];
  return (Number(kibibytes) / 1024).toFixed(0);
}

function median(runs: readonly Run[] = [], name: keyof Run): number {
  return runs.map((one) => one[name]).toSorted((a, b) => a - b)[Math.floor(runs.length / 2)] ?? Number.NaN;
}

function sum(runs: readonly Run[] = [], name: keyof Run): number {
  return runs.reduce((total, one) => total + one[name], 0);
}
