import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { Busboy, type BusboyHeaders, type BusboyInstance } from '@fastify/busboy';
import { DomainError } from '../domain/errors.ts';

export type FormFile = {
  readonly filename: string;
  readonly contentType: string;
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Waits for the end of the form, which comes after that of the file. @throws DomainError upload_incomplete, bad_request */
  readonly assertWhole: () => Promise<void>;
};

/** Finds the field `file` of a form (RFC 7578) and gives its bytes as a stream; other fields before it are skipped. */
export async function openMultipart(request: IncomingMessage): Promise<FormFile> {
  // Its sender left while it waited for its turn: nothing more would ever come of it.
  if (request.destroyed) throw new DomainError('upload_incomplete');
  const opened = Promise.withResolvers<FormFile>();
  const ended = Promise.withResolvers<void>();
  // Who gave up on the file does not ask how the form ended.
  ended.promise.catch(() => {});
  let found: Readable | undefined;
  const fail = (error: Error): void => {
    opened.reject(error);
    ended.reject(error);
    found?.destroy(error);
  };
  const form = parserOf(request);
  form.on('file', (field, stream, filename, _encoding, contentType) => {
    // Whoever reads the stream is told; until somebody does, a broken form must not end the process.
    stream.on('error', () => {});
    if (field !== 'file' || found) return void stream.resume();
    found = stream;
    opened.resolve({ filename, contentType, bytes: stream, assertWhole: () => ended.promise });
  });
  form.on('error', (cause) => fail(badForm('The form cannot be read.', cause)));
  form.on('finish', () => {
    ended.resolve();
    opened.reject(badForm('The form has no file in a field named "file".'));
  });
  request.once('close', () => {
    if (!request.readableEnded) fail(new DomainError('upload_incomplete'));
  });
  request.pipe(form);
  return opened.promise;
}

function parserOf(request: IncomingMessage): BusboyInstance {
  const headers = request.headers as BusboyHeaders;
  try {
    return new Busboy({ headers, limits: { files: 1, fields: 20, fieldSize: 4_096, parts: 21 } });
  } catch (cause) {
    throw badForm('The form has no boundary.', cause);
  }
}

const badForm = (detail: string, cause?: unknown): DomainError => new DomainError('bad_request', detail, { cause });
