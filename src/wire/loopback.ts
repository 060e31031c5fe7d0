/** Whether a host is surely the computer itself: `localhost`, `[::1]` or an IPv4 address that begins with 127. */
export function isLoopback(host: string): boolean {
  return /^(localhost|\[::1\]|127(\.\d{1,3}){3})$/i.test(host);
}
