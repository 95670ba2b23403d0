import { createHash } from 'node:crypto';
import { DomainError } from '../../domain/errors.ts';

/** What OPTIONS announces in `Tus-Checksum-Algorithm`. */
export const CHECKSUM_ALGORITHMS = ['sha1', 'sha256'] as const;
const DIGEST_BYTES = { sha1: 20, sha256: 32 } as const;

export type Checksum = {
  update(chunk: Uint8Array): void;
  /** @throws DomainError checksum_mismatch */
  assertMatches(): void;
};

/** `Upload-Checksum: sha256 <base64>`, of the body of this one request. @throws DomainError bad_request */
export function parseChecksum(header: string | undefined): Checksum | undefined {
  if (header === undefined) return undefined;
  const [name = '', base64 = '', ...more] = header.trim().split(/\s+/);
  const algorithm = CHECKSUM_ALGORITHMS.find((known) => known === name.toLowerCase());
  const stated = Buffer.from(base64, 'base64');
  const isSound = algorithm && more.length === 0 && stated.byteLength === DIGEST_BYTES[algorithm];
  if (!isSound)
    throw new DomainError('bad_request', `Upload-Checksum must be ${CHECKSUM_ALGORITHMS.join(' or ')} and base64.`);
  const hash = createHash(algorithm);
  return {
    update: (chunk) => void hash.update(chunk),
    assertMatches() {
      if (!hash.digest().equals(stated)) throw new DomainError('checksum_mismatch');
    },
  };
}
