import { Client, credentials, type ServiceError } from '@grpc/grpc-js';
import { Status } from 'nice-grpc-common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MicrogridDispatchServiceDefinition } from '../../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { rawService } from '../../support/rawService.js';

describe('a request that is no message', () => {
  let raw: Awaited<ReturnType<typeof rawService>>;
  let client: Client;
  beforeAll(async () => {
    raw = await rawService();
    client = new Client(`127.0.0.1:${raw.service.port}`, credentials.createInsecure());
  });
  afterAll(async () => {
    client?.close();
    await raw?.[Symbol.asyncDispose]();
  });

  it.each(Object.values(MicrogridDispatchServiceDefinition.methods).map(({ name }) => name))(
    'is refused by %s, and not taken for a failure of the service',
    async method => {
      await expect(send(method, Buffer.from([0x08]))).resolves.toEqual({
        code: Status.INVALID_ARGUMENT,
        details: 'the request cannot be decoded: premature EOF',
      });
    },
  );

  it.each([
    ['text that is not UTF-8', [0x12, 0x03, 0x0a, 0x01, 0xff]],
    ['a field that is longer than the message', [0x12, 0x7f, 0x0a]],
    ['the field number 0', [0x00, 0x01]],
    ['a group that ends and never began', [0x0c]],
    ['groups in groups', Array.from({ length: 10_000 }, () => 0x0b)],
  ])('is refused when it holds %s', async (_, bytes) => {
    const { code, details } = await send('CreateMicrogridDispatch', Buffer.from(bytes));
    expect(code).toBe(Status.INVALID_ARGUMENT);
    expect(details).toMatch(/^the request cannot be decoded: \S/);
  });

  function send(method: string, message: Buffer): Promise<{ code: number; details: string }> {
    return new Promise((resolve, reject) => {
      const path = `/${MicrogridDispatchServiceDefinition.fullName}/${method}`;
      const settle = (error: ServiceError | null) =>
        error ? resolve({ code: error.code, details: error.details }) : reject(new Error('it was accepted'));
      client.makeUnaryRequest(path, (bytes: Buffer) => bytes, Buffer.from, message, settle);
    });
  }
});
