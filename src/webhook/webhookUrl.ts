/** Ports of other protocols, to which fetch sends nothing (fetch.spec.whatwg.org/#port-blocking), and 0, where nobody can listen. */
const blockedPorts: ReadonlySet<number> = new Set([
  ...[0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109],
  ...[110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530],
  ...[531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190],
  ...[5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080],
]);

/**
 * Reads the address of a receiver.
 *
 * @throws RangeError when nothing can be sent to it; the message does not reveal its path.
 */
export function readWebhookUrl(text: string | URL): URL {
  const url = URL.canParse(`${text}`) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new RangeError('url must be an https or http address, such as https://example.com/hook');
  }
  // fetch refuses them.
  if (url.username !== '' || url.password !== '') throw new RangeError('url must not hold a user name or a password');
  if (url.port !== '' && blockedPorts.has(Number(url.port))) {
    const rule = 'https://fetch.spec.whatwg.org/#port-blocking';
    throw new RangeError(`url must have another port than ${url.port}, to which nothing can be sent (${rule})`);
  }
  return url;
}
