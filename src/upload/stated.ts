import type { IncomingHttpHeaders } from 'node:http';
import { DomainError } from '../domain/errors.ts';
import { type ContentId, isContentId } from '../domain/ids.ts';
import { parseReprDigest } from './repr-digest.ts';

/** What the sender of a plain upload says of its bytes before they come. */
export type Stated = {
  /** `Repr-Digest`: SHA-256 of the whole in base64; checked. */
  readonly sha256Base64: string | undefined;
  /** `Millrace-Content-Id`: answered at once where it is a video already, and checked otherwise. */
  readonly contentId: ContentId | undefined;
  /** `Idempotency-Key`: the same key and the same content get the same answer. */
  readonly idempotencyKey: string | undefined;
  /** False where the sender only asks whether its content is known. */
  readonly hasBody: boolean;
};

const KEY = /^[\x21-\x7e][\x20-\x7e]{0,254}$/;

/** @throws DomainError bad_request */
export function parseStated(headers: IncomingHttpHeaders): Stated {
  const contentId = headers['millrace-content-id'];
  if (contentId !== undefined && !(typeof contentId === 'string' && isContentId(contentId)))
    throw new DomainError('bad_request', 'Millrace-Content-Id must be 64 lower-case hex digits.');
  const idempotencyKey = headers['idempotency-key'];
  if (idempotencyKey !== undefined && !(typeof idempotencyKey === 'string' && KEY.test(idempotencyKey)))
    throw new DomainError('bad_request', 'Idempotency-Key must have 1 to 255 printable characters.');
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  return { sha256Base64: parseReprDigest(headers['repr-digest']), contentId, idempotencyKey, hasBody };
}
