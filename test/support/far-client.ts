import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Host } from './network.ts';

type Asked = { readonly url: string; readonly init: RequestInit };
type Answered = { readonly status: number; readonly headers: Record<string, string>; readonly body: string };
export type FarAnswer = { readonly status: number; readonly headers: Record<string, string>; readonly body: Buffer };

/** Longer than any request of a test may take, whatever is cut off. */
const DEADLINE_MS = 60_000;

/** Makes requests from another host, through a small process there; one after the other. */
export class FarClient {
  readonly #child: ChildProcess;

  constructor(host: Host) {
    this.#child = host.spawn([import.meta.filename], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  }

  async fetch(url: string, init: RequestInit = {}): Promise<FarAnswer> {
    this.#child.send({ url, init } satisfies Asked);
    const [answer] = (await once(this.#child, 'message', { signal: AbortSignal.timeout(DEADLINE_MS) })) as [
      Answered | { error: string },
    ];
    if ('error' in answer) throw new Error(`${url}: ${answer.error}`);
    return { ...answer, body: Buffer.from(answer.body, 'base64') };
  }

  async json<T>(url: string, init?: RequestInit): Promise<T> {
    const { status, body } = await this.fetch(url, init);
    if (status >= 300) throw new Error(`${url}: ${status} ${body}`);
    return JSON.parse(body.toString()) as T;
  }
}

async function answer({ url, init }: Asked): Promise<Answered> {
  const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(DEADLINE_MS), ...init });
  const body = Buffer.from(await response.arrayBuffer()).toString('base64');
  return { status: response.status, headers: Object.fromEntries(response.headers), body };
}

// The process there runs this very file.
if (process.argv[1] === join(import.meta.dirname, 'far-client.ts'))
  process.on('message', (asked: Asked) => {
    answer(asked).then(
      (answered) => process.send?.(answered),
      (error: unknown) => process.send?.({ error: String(error) }),
    );
  });
