import { DomainError } from '../../domain/errors.ts';
import { type IsAllowed, literalAddress } from '../../lib/guarded-lookup.ts';
import { parseFileName } from '../file-name.ts';

/** Longer ones are cut off by servers anyway. */
const MAX_URL_LENGTH = 4_096;

/**
 * What can be told of a URL without asking anybody. A host name is checked later, by the addresses that it has when we
 * connect.
 * @throws DomainError url_refused
 */
export function parseSourceUrl(text: string, isAllowed: IsAllowed, base?: string): URL {
  const url = text.length <= MAX_URL_LENGTH ? URL.parse(text, base) : null;
  if (!url) throw new DomainError('url_refused', 'This is not a URL.');
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new DomainError('url_refused', 'Only http and https are fetched.');
  if (url.username !== '' || url.password !== '')
    throw new DomainError('url_refused', 'A URL with a name or password in it is not fetched.');
  const literal = literalAddress(url);
  if (literal !== undefined && !isAllowed(literal)) throw refusedAddress(literal);
  return url;
}

export const refusedAddress = (address: string): DomainError =>
  new DomainError('url_refused', `${address} is not an address on the public internet.`);

/** The last part of the path, where it can be a file's name. */
export function fileNameOf(url: URL): string {
  try {
    return parseFileName(decodeURIComponent(url.pathname));
  } catch (error) {
    // Neither a malformed escape nor a name of control characters keeps anybody from fetching.
    if (error instanceof URIError || error instanceof DomainError) return url.hostname;
    throw error;
  }
}
