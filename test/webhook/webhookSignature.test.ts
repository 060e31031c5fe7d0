import { describe, expect, it } from 'vitest';
import { readWebhookSecret, webhookHeaders } from '../../src/webhook/webhookSignature.js';

/** Known results: the first is that of the reference libraries, the other was calculated with Python. */
const vectors = [
  {
    secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    timestampS: 1614265330,
    body: '{"test": 2432232314}',
    signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  },
  {
    secret: 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD',
    id: 'msg_27UH4WbU6Z5A5EzD8u03UvzRbpk',
    timestampS: 1649367553,
    body: '{"email":"test@example.com","username":"test_user"}',
    signature: 'v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=',
  },
];

describe('the signature of a webhook', () => {
  it.each(vectors)('is that of Standard Webhooks for $id', ({ secret, signature, id, timestampS, body }) => {
    expect(webhookHeaders([readWebhookSecret(secret)], { id, timestampS, body })).toEqual({
      'webhook-id': id,
      'webhook-timestamp': String(timestampS),
      'webhook-signature': signature,
    });
  });

  it('is made with each of several secrets', () => {
    const [first, second] = vectors as [(typeof vectors)[number], (typeof vectors)[number]];
    const keys = vectors.map(({ secret }) => readWebhookSecret(secret));
    const signed = webhookHeaders(keys, first)['webhook-signature'].split(' ');
    expect(signed).toHaveLength(2);
    expect(signed[0]).toBe(first.signature);
    expect(signed[1]).toBe(webhookHeaders(keys.slice(1), first)['webhook-signature']);
    expect(signed[1]).not.toBe(second.signature);
  });

  it.each([
    '',
    'whsec_',
    'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa!!',
    `whsec_${Buffer.alloc(23, 1).toString('base64')}`,
    `whsec_${Buffer.alloc(65, 1).toString('base64')}`,
  ])('refuses the secret %j without revealing it', secret => {
    const refused = () => readWebhookSecret(secret);
    expect(refused).toThrow(RangeError);
    expect(refused).toThrow(/^a webhook secret must be whsec_ and the Base64 of 24 to 64 random bytes/);
    if (secret.length > 10) expect(refused).not.toThrow(secret.slice(6));
  });
});
