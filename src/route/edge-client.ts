import type { AnswerHead } from './answer-head.ts';
import { type ConnectionPool, createConnectionPool } from './connection-pool.ts';
import { Deadline } from './deadline.ts';
import { EdgeConnection, type Receiver } from './edge-connection.ts';
import type { EdgeFailure } from './edge-health.ts';
import { createReadBuffers } from './read-buffers.ts';

export type EdgeRequest = {
  /** Origin of the edge, e.g. http://127.0.0.1:8101. */
  readonly url: string;
  /** The whole head, with its empty line. */
  readonly text: string;
  readonly isHeadRequest: boolean;
  /** Connecting and the head of the answer, together. */
  readonly firstByteMs: number;
  /** A body that stands still for this long, while we want more of it. */
  readonly stallMs: number;
};

export type EdgeExchange = {
  /** The receiver wants more. */
  resume(): void;
  /** Breaks off; nothing more is told. */
  abort(): void;
};

export type EdgeClient = {
  exchange(request: EdgeRequest, receiver: Receiver): EdgeExchange;
  /** Breaks off whatever is under way, without a word to its receivers. */
  close(): void;
};

/** One for each answer under way; a slow client holds one for long, so this is a bound, not a tuning. */
const MAX_CONNECTIONS_PER_EDGE = 4096;

/** Asks edges over connections that are kept. The caller closes it. */
export function createEdgeClient(maxConnectionsPerEdge = MAX_CONNECTIONS_PER_EDGE): EdgeClient {
  const pools = new Map<string, ConnectionPool>();
  const buffers = createReadBuffers();
  let answersUnderWay = 0;
  return {
    exchange: (request, receiver) => {
      answersUnderWay++;
      const onDone = (): void => void answersUnderWay--;
      return startExchange(poolOf(request.url), request, receiver, onDone);
    },
    close: () => {
      for (const pool of pools.values()) pool.close();
    },
  };

  function poolOf(url: string): ConnectionPool {
    const known = pools.get(url);
    if (known) return known;
    const pool = createConnectionPool(url, maxConnectionsPerEdge, (host, port, onIdle, onClose) => {
      return new EdgeConnection({ host, port, buffers, answersUnderWay: () => answersUnderWay, onIdle, onClose });
    });
    // An edge that moved to another address leaves its pool behind, until that holds no connection any more.
    for (const [other, { isEmpty }] of pools) if (isEmpty()) pools.delete(other);
    pools.set(url, pool);
    return pool;
  }
}

function startExchange(
  pool: ConnectionPool,
  request: EdgeRequest,
  receiver: Receiver,
  onDone: () => void,
): EdgeExchange {
  let connection = pool.take();
  let isPaused = false;
  let isOver = false;
  let hasHead = false;
  let deadline = new Deadline(request.firstByteMs, () => late('first_byte_timeout'));
  const told: Receiver = { onHead, onBody, onEnd, onFailure };
  if (connection) connection.send(request.text, request.isHeadRequest, told);
  else queueMicrotask(() => fail('overloaded', new Error('too many connections to this edge')));
  return {
    resume: () => {
      isPaused = false;
      if (isOver) return;
      deadline.refresh();
      connection?.resume();
    },
    abort: () => {
      if (finish()) connection?.destroy();
    },
  };

  function onHead(head: AnswerHead): void {
    hasHead = true;
    deadline.clear();
    if (head.bodyBytes > 0) deadline = new Deadline(request.stallMs, () => late('stalled'));
    receiver.onHead(head);
  }

  function onBody(bytes: Buffer, onSent: (error?: Error | null) => void): boolean {
    deadline.refresh();
    isPaused = !receiver.onBody(bytes, onSent);
    return !isPaused;
  }

  function onEnd(): void {
    if (finish()) receiver.onEnd();
  }

  /** A kept connection that ends before its answer began was closed by the edge as we took it: not a failure yet. */
  function onFailure(failure: EdgeFailure, cause: Error): void {
    const wasClosed = failure === 'reset' && !hasHead && connection?.isUsed;
    connection = wasClosed ? pool.open() : undefined;
    if (connection) connection.send(request.text, request.isHeadRequest, told);
    else fail(failure, cause);
  }

  /** While the client takes nothing, the edge is not to blame for being silent. */
  function late(failure: EdgeFailure): void {
    if (isPaused) {
      deadline.refresh();
      return;
    }
    connection?.destroy();
    fail(failure, new Error(`the edge was silent for too long (${failure})`));
  }

  function fail(failure: EdgeFailure, cause: Error): void {
    if (finish()) receiver.onFailure(failure, cause);
  }

  function finish(): boolean {
    if (isOver) return false;
    isOver = true;
    deadline.clear();
    onDone();
    return true;
  }
}
