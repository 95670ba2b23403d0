import type { UploadAnswer } from '../../../src/domain/video-resource.ts';
import { parseProblem, Unreachable } from '../api/problem.ts';

export type SendOptions = {
  readonly onSent: (bytes: number) => void;
  readonly signal: AbortSignal;
};

/** The one ability that the queue needs; another protocol takes its place by being another such function. */
export type SendFile = (file: File, options: SendOptions) => Promise<UploadAnswer>;

/** Without a byte sent, or an answer after the last one, for this long, the connection is dead. */
const STALL_DEADLINE_MS = 120_000;

/** Sends a file whole. XMLHttpRequest, because fetch does not tell how much of a body was sent. */
export function sendFile(file: File, { onSent, signal }: SendOptions): Promise<UploadAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<UploadAnswer>();
  if (signal.aborted) return Promise.reject(signal.reason);
  const request = new XMLHttpRequest();
  const stall = stallTimer(() => request.abort());
  request.upload.onprogress = (event) => {
    stall.restart();
    onSent(event.loaded);
  };
  request.onload = () => {
    try {
      resolve(answerOf(request));
    } catch (error) {
      reject(error);
    }
  };
  request.onerror = () => reject(new Unreachable());
  request.onabort = () => reject(signal.aborted ? signal.reason : new Unreachable());
  request.onloadend = stall.stop;
  signal.addEventListener('abort', () => request.abort(), { once: true });
  request.open('POST', `/upload?${new URLSearchParams({ filename: file.name })}`);
  request.setRequestHeader('content-type', file.type || 'application/octet-stream');
  request.send(file);
  return promise;
}

/** @throws ApiProblem when the server refused the file */
function answerOf(request: XMLHttpRequest): UploadAnswer {
  const ok = request.status === 200 || request.status === 201;
  if (!ok) throw parseProblem(request.status, request.responseText);
  return JSON.parse(request.responseText) as UploadAnswer;
}

function stallTimer(onStall: () => void): { restart: () => void; stop: () => void } {
  let timer = setTimeout(onStall, STALL_DEADLINE_MS);
  return {
    restart: () => {
      clearTimeout(timer);
      timer = setTimeout(onStall, STALL_DEADLINE_MS);
    },
    stop: () => clearTimeout(timer),
  };
}
