import { isIPv6 } from 'node:net';

/** Whether a numeric address, or `localhost`, names this machine itself. */
export function isLoopback(host: string): boolean {
  return host === '::1' || /^127(\.\d+){3}$/.test(host) || /^(.+\.)?localhost$/i.test(host);
}

/** `::ffff:10.0.0.1`, as an IPv6 socket shows an IPv4 peer, is 10.0.0.1. */
export function withoutMapping(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}

/** Groups of a /64, which is what one subscriber of IPv6 has at least. */
const NETWORK_GROUPS = 4;

/**
 * Whose address it is, as far as that can be told: an IPv4 address, or the first half of an IPv6
 * one, of whose second half everybody has all. [RFC 4291 2.5.4]
 */
export function networkOf(address: string): string {
  const plain = withoutMapping(address);
  if (!isIPv6(plain)) return plain;
  const [head = '', tail] = plain.replace(/%.*$/, '').split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const last = tail === '' ? [] : tail.split(':');
    while (groups.length + last.length < 8) groups.push('0');
    groups.push(...last);
  }
  return groups.slice(0, NETWORK_GROUPS).join(':');
}
