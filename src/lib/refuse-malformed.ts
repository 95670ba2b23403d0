import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { PROBLEM_TYPE, type Problem } from './http.ts';

/** Node's words for what never became a request. */
const STATUS_OF_CODE: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};
const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  413: 'Payload Too Large',
  431: 'Request Header Fields Too Large',
};

/** Answers with problem details also where no handler is asked: lines that are no HTTP, headers too long or too slow. */
export function refuseMalformed(server: Server): Server {
  return server.on('clientError', answerMalformed);
}

/** On a connection that has answered before, an answer could be in the middle of another: it only ends. */
export function answerMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable || socket.bytesWritten > 0) return void socket.destroy();
  socket.end(answerOf(STATUS_OF_CODE[error.code ?? ''] ?? 400));
}

function answerOf(status: number): string {
  const title = 'The request is not understood.';
  const problem: Problem = { type: '/docs/errors#bad_request', title, status, code: 'bad_request' };
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${status} ${REASONS[status]}`,
    'Connection: close',
    `Content-Type: ${PROBLEM_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}
