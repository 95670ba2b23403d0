/**
 * Asks for one address again and again over connections that are kept, and prints how long the first byte of an answer
 * took, in milliseconds, as JSON. It is a program of its own so that it can have a core of its own (bench/route.ts).
 *
 *   node bench/first-byte.ts URL [--connections 64] [--seconds 4]
 */
import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  options: {
    connections: { type: 'string', default: '64' },
    seconds: { type: 'string', default: '4' },
  },
  allowPositionals: true,
});
const [url = ''] = positionals;
const connections = Number(values.connections);
const agent = new Agent({ keepAlive: true, maxSockets: connections });
const waits: number[] = [];
const endMs = performance.now() + Number(values.seconds) * 1000;
await Promise.all(Array.from({ length: connections }, () => ask()));
agent.destroy();
waits.sort((a, b) => a - b);
const at = (share: number): number => waits[Math.floor((waits.length - 1) * share)] ?? Number.NaN;
console.log(JSON.stringify({ answers: waits.length, p50Ms: at(0.5), p99Ms: at(0.99) }));

async function ask(): Promise<void> {
  while (performance.now() < endMs) {
    const askedMs = performance.now();
    const [response] = (await once(get(url, { agent, timeout: 30_000 }), 'response')) as [IncomingMessage];
    waits.push(performance.now() - askedMs);
    if (response.statusCode !== 200) throw new Error(`${url}: ${response.statusCode}`);
    await once(response.resume(), 'end');
  }
}
