import { isIPv6 } from 'node:net';

import { tokenBucket } from './tokenBucket.js';

/** A rate for each address. */
export interface AddressBudget {
  /** Takes a token of an address; false when it has none left. */
  take(address: string): boolean;
}

/** Maximum number of addresses that are remembered, about 3 MB; beyond them the one that was quiet for longest is forgotten. */
const MAX_ADDRESSES = 10_000;

/** Creates a token bucket for each address, for IPv6 for each network of 64 bits, which one host may have to itself. */
export function addressBudget(perSecond: number, burstS: number): AddressBudget {
  const buckets = new Map<string, () => boolean>();
  return {
    take(address) {
      const network = networkOf(address);
      const bucket = buckets.get(network) ?? tokenBucket(perSecond, burstS);
      buckets.delete(network);
      buckets.set(network, bucket);
      if (buckets.size > MAX_ADDRESSES) buckets.delete(buckets.keys().next().value as string);
      return bucket();
    },
  };
}

/** The network by which an address is counted: an IPv4 address itself, also one mapped to IPv6. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.replace(/%.*/, '').split('::');
  const groups = head === '' ? [] : head.split(':');
  const behind = tail === undefined || tail === '' ? 0 : tail.split(':').length;
  const zeros = tail === undefined ? 0 : 8 - groups.length - behind;
  return [...groups, ...Array<string>(zeros).fill('0'), ...(tail ?? '').split(':')].slice(0, 4).join(':');
}
