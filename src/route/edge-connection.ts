import { connect, type Socket } from 'node:net';
import { type AnswerHead, parseAnswerHead } from './answer-head.ts';
import type { EdgeFailure } from './edge-health.ts';
import type { ReadBuffers } from './read-buffers.ts';

/** What is told of one answer, in this order; onEnd or onFailure comes last, and only one of them, once. */
export type Receiver = {
  onHead(head: AnswerHead): void;
  /**
   * Bytes of the body. They stay as they are until `onSent` is called, which must be done only once.
   * @returns whether more may come now; if not, `resume` says when.
   */
  onBody(bytes: Buffer, onSent: (error?: Error | null) => void): boolean;
  onEnd(): void;
  onFailure(failure: EdgeFailure, cause: Error): void;
};

type Options = {
  readonly host: string;
  readonly port: number;
  readonly buffers: ReadBuffers;
  /** How many answers are under way at all connections together. */
  readonly answersUnderWay: () => number;
  /** The answer has ended and the connection can carry another request. */
  readonly onIdle: (connection: EdgeConnection) => void;
  readonly onClose: (connection: EdgeConnection) => void;
};

type Answer = {
  readonly receiver: Receiver;
  readonly isHeadRequest: boolean;
  /** Undefined until the head has come. */
  head: AnswerHead | undefined;
  /** Bytes of a head that has come in part. */
  partOfHead: Buffer;
  owedBytes: number;
};

const NOTHING = Buffer.alloc(0);
const END_OF_HEAD = '\r\n\r\n';
const MAX_HEAD_BYTES = 16 * 1024;
/** Below the edges' own keep-alive of 30 s, so that a connection is not used in the moment that it is closed. */
const IDLE_MS = 20_000;

/**
 * One connection to an edge, on which requests follow one another. It speaks the little HTTP/1.1 that edges speak and
 * reads bodies into buffers of ours: node:http and undici cost a router half of its throughput (docs/decisions/0010-router-transport.md).
 */
export class EdgeConnection {
  readonly #socket: Socket;
  readonly #options: Options;
  #buffer: Buffer;
  #answer: Answer | undefined;
  /** Whether it has carried an answer before: then its end may be the edge's keep-alive running out, and nobody's fault. */
  isUsed = false;

  constructor(options: Options) {
    this.#options = options;
    this.#buffer = options.buffers.scratch;
    const { host, port } = options;
    const onread = { buffer: () => this.#nextBuffer(), callback: (bytes: number) => this.#read(bytes) };
    this.#socket = connect({ host, port, noDelay: true, onread });
    this.#socket.on('timeout', () => this.#socket.destroy());
    this.#socket.once('error', (error) => this.#fail(failureOf(error), error));
    this.#socket.once('end', () => this.#fail('reset', new Error('the edge ended the connection')));
    this.#socket.once('close', () => {
      this.#fail('reset', new Error('the connection to the edge was closed'));
      options.onClose(this);
    });
  }

  get isIdle(): boolean {
    return this.#answer === undefined && !this.#socket.destroyed && this.#socket.readable;
  }

  /** Only while it is idle. */
  send(request: string, isHeadRequest: boolean, receiver: Receiver): void {
    this.#answer = { receiver, isHeadRequest, head: undefined, partOfHead: NOTHING, owedBytes: 0 };
    this.#socket.setTimeout(0);
    this.#socket.write(request, 'latin1');
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Breaks off what is under way, and tells nobody. */
  destroy(): void {
    this.#answer = undefined;
    this.#socket.destroy();
  }

  /** The scratch buffer is shared by all connections: libuv reads into it and calls back in one go. */
  #nextBuffer(): Buffer {
    const { buffers, answersUnderWay } = this.#options;
    const isLarge = this.#answer !== undefined && this.#answer.owedBytes > buffers.scratch.length;
    this.#buffer = isLarge ? buffers.take(answersUnderWay()) : buffers.scratch;
    return this.#buffer;
  }

  /** @returns false to stop reading, as `net` wants it. */
  #read(count: number): boolean {
    const answer = this.#answer;
    const bytes = this.#buffer.subarray(0, count);
    if (!answer) {
      this.#socket.destroy(new Error('the edge spoke without being asked'));
      return false;
    }
    if (answer.head) return this.#passOn(answer, bytes);
    return this.#readHead(answer, bytes);
  }

  #readHead(answer: Answer, bytes: Buffer): boolean {
    const all = answer.partOfHead.length === 0 ? bytes : Buffer.concat([answer.partOfHead, bytes]);
    const end = all.indexOf(END_OF_HEAD);
    if (end < 0 && all.length <= MAX_HEAD_BYTES) {
      answer.partOfHead = Buffer.from(all);
      return true;
    }
    const head = end < 0 ? undefined : parseAnswerHead(all.toString('latin1', 0, end), answer.isHeadRequest);
    if (!head) return this.#refuse('the answer is not one of an edge');
    answer.head = head;
    answer.owedBytes = head.bodyBytes;
    answer.receiver.onHead(head);
    // Whoever was told may have broken it off.
    if (this.#answer !== answer) return false;
    const body = all.subarray(end + END_OF_HEAD.length);
    if (body.length > 0) return this.#passOn(answer, body);
    if (answer.owedBytes === 0) this.#end(answer);
    return true;
  }

  #passOn(answer: Answer, bytes: Buffer): boolean {
    if (bytes.length > answer.owedBytes) return this.#refuse('the answer is longer than it said');
    answer.owedBytes -= bytes.length;
    const { buffers } = this.#options;
    const buffer = this.#buffer;
    const isOurs = buffer !== buffers.scratch;
    // A write that failed may still be known to the socket: then the buffer is left to the garbage collector.
    const onSent = (error?: Error | null): void => {
      if (isOurs && !error) buffers.giveBack(buffer);
    };
    const mayGoOn = answer.receiver.onBody(isOurs ? bytes : Buffer.from(bytes), onSent);
    if (this.#answer !== answer) return false;
    if (answer.owedBytes === 0) {
      this.#end(answer);
      return true;
    }
    if (!mayGoOn) this.#socket.pause();
    return mayGoOn;
  }

  #end(answer: Answer): void {
    this.#answer = undefined;
    this.isUsed = true;
    if (answer.head?.keepsAlive && !this.#socket.destroyed) {
      this.#socket.setTimeout(IDLE_MS);
      this.#options.onIdle(this);
    } else {
      this.#socket.destroy();
    }
    answer.receiver.onEnd();
  }

  #refuse(why: string): false {
    this.#fail('bad_answer', new Error(why));
    return false;
  }

  #fail(failure: EdgeFailure, cause: Error): void {
    const answer = this.#answer;
    this.#answer = undefined;
    this.#socket.destroy();
    answer?.receiver.onFailure(failure, cause);
  }
}

const REFUSED: ReadonlySet<unknown> = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND']);

/** Only what says that nothing listens there is certain; a lack of file descriptors, for one, is not the edge's fault. */
const failureOf = (error: Error): EdgeFailure => ('code' in error && REFUSED.has(error.code) ? 'refused' : 'reset');
