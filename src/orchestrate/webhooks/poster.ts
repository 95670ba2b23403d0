import { Agent } from 'undici';
import { guardedLookup, type IsAllowed, literalAddress, type Resolve } from '../../lib/guarded-lookup.ts';

export type PostDeps = { readonly resolve: Resolve; readonly isAllowed: IsAllowed };
/** What a receiver answered, or why it did not. */
export type Answer =
  | { readonly status: number; readonly error?: undefined }
  | { readonly status?: undefined; readonly error: Error };

type Message = { readonly body: string; readonly headers: Readonly<Record<string, string>> };

/** A receiver is to take a message down, not to work on it meanwhile. */
const ANSWER_DEADLINE_MS = 15_000;
const CONNECT_TIMEOUT_MS = 5_000;

/** Sends messages, but to no address that is not allowed, and follows no redirect: it could lead inside. */
export class Poster {
  readonly #agent: Agent;
  readonly #isAllowed: IsAllowed;

  constructor({ resolve, isAllowed }: PostDeps) {
    this.#isAllowed = isAllowed;
    this.#agent = new Agent({
      connect: { timeout: CONNECT_TIMEOUT_MS, lookup: guardedLookup({ resolve, isAllowed, refusal }) },
      headersTimeout: ANSWER_DEADLINE_MS,
      maxHeaderSize: 16 * 1024,
    });
  }

  async post(address: string, { body, headers }: Message, signal: AbortSignal): Promise<Answer> {
    const url = new URL(address);
    const literal = literalAddress(url);
    if (literal !== undefined && !this.#isAllowed(literal)) return { error: refusal(literal) };
    try {
      const answer = await this.#agent.request({
        origin: url.origin,
        path: url.pathname + url.search,
        method: 'POST',
        headers: { 'content-type': 'application/json', 'user-agent': 'millrace', ...headers },
        body,
        signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_DEADLINE_MS)]),
      });
      // Only the status counts: whatever else the receiver says is not read.
      answer.body.on('error', () => {});
      answer.body.destroy();
      return { status: answer.statusCode };
    } catch (error) {
      return { error: error instanceof Error ? error : new Error(String(error)) };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy();
  }
}

const refusal = (address: string): Error => new Error(`${address} is not an address on the public internet`);
