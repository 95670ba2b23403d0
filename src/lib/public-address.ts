import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** Addresses that mean this machine, this network, nobody or everybody: IANA's special-purpose registries. */
const NOT_PUBLIC_V4 = subnets('ipv4', [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
]);
/** All that is given out to networks so far. What lies outside is local, multicast, translated or reserved. */
const GLOBAL_V6 = subnets('ipv6', [['2000::', 3]]);
/** Protocol assignments with Teredo, documentation, 6to4 (which wraps an IPv4 address), documentation. */
const NOT_PUBLIC_V6 = subnets('ipv6', [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
]);
const MAPPED_V4 = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/;

/** Whether an IP address is one that anybody on the internet could reach, so that fetching from it gives nothing away. */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !NOT_PUBLIC_V4.check(address, 'ipv4');
  const canonical = canonicalV6(address);
  if (canonical === undefined) return false;
  const [, high, low] = MAPPED_V4.exec(canonical) ?? [];
  if (high !== undefined && low !== undefined) return isPublicAddress(dotted(high, low));
  return GLOBAL_V6.check(canonical, 'ipv6') && !NOT_PUBLIC_V6.check(canonical, 'ipv6');
}

/** One spelling for each address; undefined where it is none, or has a zone and so is local. */
function canonicalV6(address: string): string | undefined {
  if (!isIPv6(address)) return undefined;
  return URL.parse(`http://[${address}]/`)?.hostname.slice(1, -1);
}

function dotted(high: string, low: string): string {
  const bits = Number.parseInt(high, 16) * 65_536 + Number.parseInt(low, 16);
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.');
}

function subnets(family: 'ipv4' | 'ipv6', list: readonly (readonly [string, number])[]): BlockList {
  const blocks = new BlockList();
  for (const [net, prefix] of list) blocks.addSubnet(net, prefix, family);
  return blocks;
}
