import { isIP, type LookupFunction } from 'node:net';

/** Says whether we connect to an IP address; handed in, so that a setting and a test can allow more than the internet. */
export type IsAllowed = (address: string) => boolean;
export type Address = { readonly address: string; readonly family: 4 | 6 };
/** Every address of a host name; rejects where it has none. */
export type Resolve = (hostname: string) => Promise<readonly Address[]>;

export type Guard = {
  readonly resolve: Resolve;
  readonly isAllowed: IsAllowed;
  /** What the connection fails with. */
  readonly refusal: (address: string) => Error;
};

/**
 * The connection is made to the very addresses that were checked: were the name looked up once for the check and once
 * more to connect, it could mean something else the second time (DNS rebinding). An address in the URL itself is never
 * looked up: {@link literalAddress}.
 */
export function guardedLookup({ resolve, isAllowed, refusal }: Guard): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname).then(
      (addresses) => {
        const [first] = addresses;
        const refused = addresses.find(({ address }) => !isAllowed(address));
        if (refused) return callback(refusal(refused.address), '');
        if (!first) return callback(new Error(`${hostname} has no address`), '');
        return options.all ? callback(null, [...addresses]) : callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, ''),
    );
  };
}

/** The IP address that stands in the URL. The URL standard has already made one spelling of 0x7f.1 or 2130706433. */
export function literalAddress({ hostname }: URL): string | undefined {
  const bare = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  return isIP(bare) === 0 ? undefined : bare;
}
