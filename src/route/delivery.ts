import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TracePoint } from '../lib/trace.ts';
import { forOrigin, withoutFields } from './allowed-origins.ts';
import type { AnswerHead } from './answer-head.ts';
import { askForRest, isRest, type PromisedBytes, promisedBytes } from './continuation.ts';
import type { EdgeClient, EdgeExchange } from './edge-client.ts';
import type { EdgeFailure } from './edge-health.ts';
import { requestText } from './forward-headers.ts';
import type { Edge } from './pick-edge.ts';

/** Why an edge did not bring an answer to its end. */
export type BreakReason = EdgeFailure | `status_${number}` | 'other_version';

export type Delivered =
  | { readonly end: 'complete' | 'client_left' }
  | { readonly end: 'broken'; readonly reason: BreakReason; readonly cause?: Error };

/** Changes a small text on its way; the answer is held back until it is whole. */
export type Rewrite = (text: string) => string;
/** What is longer passes as it is. */
const MAX_REWRITTEN_BYTES = 1 << 20;

export type ClientExchange = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The only one whose pages may read the answer, where origins are restricted. */
  readonly origin?: string | undefined;
  readonly rewrite?: Rewrite | undefined;
  readonly trace?: TracePoint | undefined;
};

export type DeliveryOptions = {
  readonly client: EdgeClient;
  readonly firstByteMs: number;
  readonly stallMs: number;
  /** What an edge that takes the session over is told that it asked for before. */
  readonly before?: string | undefined;
  /** The edge has begun to answer as it should. */
  readonly onAnswered: () => void;
  /** The edge's own answer has come to its end, whatever it was. */
  readonly onWhole: () => void;
};

/**
 * The answer to one request of a client, brought by one edge after the other if need be: what a second edge brings is
 * asked for by range and tag, and joined to what was sent only if it is exactly the rest.
 */
export class Delivery {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #origin: string | undefined;
  readonly #rewrite: Rewrite | undefined;
  readonly #trace: TracePoint | undefined;
  /** Set while an edge is asked. */
  #exchange: EdgeExchange | undefined;
  #onLeave: (() => void) | undefined;
  /** Undefined also where the answer cannot be gone on with. */
  #owed: PromisedBytes | undefined;
  sentBytes = 0;

  constructor({ request, response, origin, rewrite, trace }: ClientExchange) {
    this.#request = request;
    this.#response = response;
    this.#origin = origin;
    this.#rewrite = rewrite;
    this.#trace = trace;
    response.on('drain', () => this.#exchange?.resume());
    response.once('close', () => this.#onLeave?.());
  }

  get hasBegun(): boolean {
    return this.#response.headersSent;
  }

  /** Whether another edge could still bring it to its end. */
  get canGoOn(): boolean {
    return !this.hasBegun || this.#owed !== undefined;
  }

  /** Asks an edge for all of it, or for what is missing. Failing is an answer: another edge is asked next. */
  from(edge: Edge, options: DeliveryOptions): Promise<Delivered> {
    if (this.#response.destroyed) return Promise.resolve({ end: 'client_left' });
    const rest = this.#owed && askForRest(this.#owed, this.sentBytes);
    const part = this.#rewrite ? 'whole' : rest;
    const request = {
      url: edge.url,
      text: requestText(this.#request, edge.name, { part, before: options.before, trace: this.#trace }),
      isHeadRequest: part !== 'whole' && this.#request.method === 'HEAD',
      firstByteMs: options.firstByteMs,
      stallMs: options.stallMs,
    };
    return new Promise((resolve) => {
      const settle = (delivered: Delivered): void => {
        this.#exchange = undefined;
        this.#onLeave = undefined;
        resolve(delivered);
      };
      /** An answer that does not help is read away, so that its connection can be used again. */
      let isUseless = false;
      let held: HeldAnswer | undefined;
      this.#onLeave = () => {
        this.#exchange?.abort();
        settle({ end: 'client_left' });
      };
      this.#exchange = options.client.exchange(request, {
        onHead: (head) => {
          held = this.#hold(head);
          const trouble = held ? undefined : this.#begin(head);
          isUseless = trouble !== undefined;
          if (!trouble) return options.onAnswered();
          if (head.status < 500) this.#exchange?.abort();
          settle({ end: 'broken', reason: trouble });
        },
        onBody: (bytes, onSent) => {
          if (!isUseless && !held) return this.#send(bytes, onSent);
          held?.parts.push(Buffer.from(bytes));
          onSent();
          return true;
        },
        onEnd: () => {
          options.onWhole();
          if (isUseless) return;
          this.#exchange = undefined;
          this.#onLeave = () => settle({ end: this.#response.writableFinished ? 'complete' : 'client_left' });
          if (held) this.#sendRewritten(held);
          this.#response.end();
        },
        onFailure: (reason, cause) => {
          if (!isUseless) settle({ end: 'broken', reason, cause });
        },
      });
    });
  }

  /** @returns why this answer cannot be passed on, if so. */
  #begin(head: AnswerHead): BreakReason | undefined {
    if (head.status >= 500) return `status_${head.status}`;
    if (this.#owed) return isRest(head, this.#owed, this.sentBytes) ? undefined : 'other_version';
    this.#response.writeHead(head.status, forOrigin(head.fields, this.#origin));
    this.#owed = promisedBytes(head);
    return undefined;
  }

  #hold(head: AnswerHead): HeldAnswer | undefined {
    const isHeld = this.#rewrite && head.status === 200 && head.bodyBytes <= MAX_REWRITTEN_BYTES;
    return isHeld ? { head, parts: [] } : undefined;
  }

  #sendRewritten({ head, parts }: HeldAnswer): void {
    const text = Buffer.concat(parts).toString();
    const body = Buffer.from(this.#rewrite?.(text) ?? text);
    const fields = [...withoutFields(head.fields, OF_OTHER_BYTES), 'Content-Length', String(body.length)];
    this.#response.writeHead(head.status, forOrigin(fields, this.#origin));
    this.#send(body, () => {});
  }

  #send(bytes: Buffer, onSent: (error?: Error | null) => void): boolean {
    this.sentBytes += bytes.length;
    return this.#response.write(bytes, onSent);
  }
}

type HeldAnswer = { readonly head: AnswerHead; readonly parts: Buffer[] };

/** What the edge said of its own bytes, and not of those that take their place. */
const OF_OTHER_BYTES: ReadonlySet<string> = new Set(['accept-ranges', 'content-length', 'etag']);
