import { DomainError } from '../domain/errors.ts';

/**
 * The SHA-256, in base64, that a `Repr-Digest` header states (RFC 9530: a dictionary such as `sha-256=:…:`), or
 * undefined where the header is absent or names other algorithms only.
 * @throws DomainError bad_request for a digest that cannot be one.
 */
export function parseReprDigest(header: string | string[] | undefined): string | undefined {
  const text = Array.isArray(header) ? header.join(',') : header;
  const stated = text?.split(',').find((member) => /^\s*sha-256\s*=/.test(member));
  if (stated === undefined) return undefined;
  const base64 = /^\s*sha-256=:([A-Za-z0-9+/]{43}=):\s*$/.exec(stated)?.[1];
  if (base64 === undefined) throw new DomainError('bad_request', 'Repr-Digest must look like sha-256=:<base64>:.');
  return base64;
}
