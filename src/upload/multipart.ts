import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { Busboy, type BusboyHeaders, type BusboyInstance } from '@fastify/busboy';
import { DomainError } from '../domain/errors.ts';

export type FormFile = {
  readonly filename: string;
  readonly contentType: string;
  readonly bytes: AsyncIterable<Uint8Array>;
  /** The form must have ended properly after the file. @throws DomainError upload_incomplete */
  readonly assertWhole: () => void;
};

/** Finds the field `file` of a form (RFC 7578) and gives its bytes as a stream; other fields before it are skipped. */
export function openMultipart(request: IncomingMessage): Promise<FormFile> {
  return new Promise((resolve, reject) => {
    let found: Readable | undefined;
    let isWhole = false;
    const fail = (error: Error): void => {
      found?.destroy(error);
      reject(error);
    };
    const form = parserOf(request);
    form.on('file', (field, stream, filename, _encoding, contentType) => {
      if (field !== 'file' || found) return void stream.resume();
      found = stream;
      const assertWhole = (): void => {
        if (!isWhole) throw new DomainError('upload_incomplete');
      };
      resolve({ filename, contentType, bytes: stream, assertWhole });
    });
    form.on('error', (cause) => fail(badForm('The form cannot be read.', cause)));
    form.on('finish', () => {
      isWhole = true;
      reject(badForm('The form has no file in a field named "file".'));
    });
    request.on('aborted', () => fail(new DomainError('upload_incomplete')));
    request.pipe(form);
  });
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
