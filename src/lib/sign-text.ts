import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';

export type TextSigner = {
  /** 22 characters that are safe in a path. */
  sign(text: string): string;
  /** Compares in constant time, and as text: there is exactly one right spelling. */
  matches(text: string, signature: string): boolean;
};

/**
 * Half of a SHA-256: RFC 2104 (section 5) allows no less, and 128 bits cannot be guessed over a network.
 * The signature stands in every URL of a session, so that each byte counts.
 */
const SIGNATURE_BYTES = 16;

/** HMAC-SHA-256 under one secret. Callers put a purpose into the text, so that one secret can serve many. */
export function createTextSigner(secret: string): TextSigner {
  if (secret === '') throw new Error('signing needs a secret that is not empty');
  const key = createSecretKey(Buffer.from(secret, 'utf8'));
  const sign = (text: string): string =>
    createHmac('sha256', key).update(text).digest().subarray(0, SIGNATURE_BYTES).toString('base64url');
  return { sign, matches: (text, signature) => isSame(sign(text), signature) };
}

function isSame(expected: string, actual: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(actual)];
  return a.length === b.length && timingSafeEqual(a, b);
}
