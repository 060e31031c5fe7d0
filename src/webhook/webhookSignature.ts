import { createHmac } from 'node:crypto';

const PREFIX = 'whsec_';
const MIN_BYTES = 24;
const MAX_BYTES = 64;

/**
 * Reads a secret of Standard Webhooks: `whsec_` and 24 to 64 random bytes as Base64.
 *
 * @throws RangeError when it is none; the message does not reveal it.
 */
export function readWebhookSecret(secret: string): Buffer {
  const text = secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : '';
  const key = Buffer.from(text, 'base64');
  // Node skips what is no Base64.
  const isBase64 = key.toString('base64').replace(/=+$/, '') === text.replace(/=+$/, '');
  if (isBase64 && key.length >= MIN_BYTES && key.length <= MAX_BYTES) return key;
  throw new RangeError(
    `a webhook secret must be ${PREFIX} and the Base64 of ${MIN_BYTES} to ${MAX_BYTES} random bytes, such as those of "openssl rand -base64 32"`,
  );
}

/**
 * The headers of a webhook as the specification of Standard Webhooks has them: `webhook-signature` is the HMAC-SHA256 of
 * `id.timestamp.body`, one for each secret, so that a receiver may change its secret at any time.
 *
 * @param timestampS The time of the attempt, in seconds since the epoch.
 */
export function webhookHeaders(
  keys: readonly Buffer[],
  { id, timestampS, body }: { readonly id: string; readonly timestampS: number; readonly body: string },
): Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string> {
  const signed = `${id}.${timestampS}.${body}`;
  const signatures = keys.map(key => `v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
  return { 'webhook-id': id, 'webhook-timestamp': `${timestampS}`, 'webhook-signature': signatures.join(' ') };
}
