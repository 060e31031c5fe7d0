import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';

import { DispatchError } from '../../src/model/dispatchError.js';
import { formatServiceAddress, parseServiceAddress, type ServiceAddress } from '../../src/wire/serviceAddress.js';

const plain: ServiceAddress = {
  host: 'localhost',
  port: 443,
  tls: {},
  keepAlive: { intervalMs: 60_000, timeoutMs: 20_000 },
};

function refusal(text: string): DispatchError {
  try {
    parseServiceAddress(text);
  } catch (error) {
    if (error instanceof DispatchError) return error;
    throw error;
  }
  throw new Error(`${text} was accepted`);
}

describe('parseServiceAddress', () => {
  it.each<[string, Partial<ServiceAddress>]>([
    ['grpc://localhost', {}],
    ['GRPC://localhost', {}],
    ['grpc://localhost?', {}],
    ['grpc://localhost:50051', { port: 50051 }],
    ['grpc://[::1]:50051', { host: '[::1]', port: 50051 }],
    ['grpc://[fd00::17]', { host: '[fd00::17]' }],
    ['grpc://127.0.0.1:1?ssl=false', { host: '127.0.0.1', port: 1, tls: null }],
    ['grpc://localhost?keep_alive=off', { keepAlive: null }],
    [
      'grpc://localhost?keep_alive=on&keep_alive_interval_s=1.5',
      { keepAlive: { intervalMs: 1500, timeoutMs: 20_000 } },
    ],
    ['grpc://localhost?keep_alive_timeout_s=1e1', { keepAlive: { intervalMs: 60_000, timeoutMs: 10_000 } }],
    [
      'grpc://localhost?ssl_root_certificates_path=/etc/a%20b.pem&ssl_private_key_path=key&ssl_certificate_chain_path=c',
      { tls: { rootCertificatesPath: '/etc/a b.pem', privateKeyPath: 'key', certificateChainPath: 'c' } },
    ],
    ['grpc://localhost?ssl=0&ssl=true&ssl=off', { tls: null }],
    ['grpc://localhost?ssl=false&ssl=', { tls: null }],
    ['grpc://localhost?ssl=&no_such_parameter=&ssl_private_key_path', {}],
  ])('reads %s', (text, differs) => {
    expect(parseServiceAddress(text)).toEqual({ ...plain, ...differs });
  });

  it.each(['true', 'TRUE', '1', 'on', 'On'])('takes %s for true', value => {
    expect(parseServiceAddress(`grpc://localhost?ssl=${value}`).tls).toEqual({});
  });

  it.each(['false', 'False', '0', 'off', 'OFF'])('takes %s for false', value => {
    expect(parseServiceAddress(`grpc://localhost?ssl=${value}`).tls).toBeNull();
  });

  it.each([
    ['', 'address'],
    ['127.0.0.1:50051', 'address'],
    ['localhost:50051', 'scheme'],
    ['http://localhost', 'scheme'],
    ['grpc:localhost', 'host'],
    ['grpc://', 'host'],
    ['grpc://?ssl=false', 'host'],
    ['grpc://:50051', 'address'],
    ['grpc://::1:50051', 'address'],
    ['grpc://localhost:x', 'address'],
    ['grpc://localhost:65536', 'address'],
    ['grpc://localhost:0', 'port'],
    ['grpc://kühlhaus', 'host'],
    ['grpc://localhost/', 'path'],
    ['grpc://localhost/v1?ssl=false', 'path'],
    ['grpc://localhost;x', 'host'],
    ['grpc://localhost#top', 'fragment'],
    ['grpc://me@localhost', 'user'],
    ['grpc://:hunter2@localhost', 'password'],
    ['grpc://localhost?tls=false', 'tls'],
    ['grpc://localhost?SSL=false', 'SSL'],
    ['grpc://localhost?ssl=no', 'ssl'],
    ['grpc://localhost?keep_alive=2', 'keep_alive'],
    ['grpc://localhost?ssl=false&ssl_root_certificates_path=a', 'ssl_root_certificates_path'],
    ['grpc://localhost?ssl=false&ssl_private_key_path=a', 'ssl_private_key_path'],
    ['grpc://localhost?ssl=false&ssl_certificate_chain_path=a', 'ssl_certificate_chain_path'],
    ['grpc://localhost?keep_alive=0&keep_alive_interval_s=60', 'keep_alive_interval_s'],
    ['grpc://localhost?keep_alive=0&keep_alive_timeout_s=20', 'keep_alive_timeout_s'],
    ['grpc://localhost?keep_alive_interval_s=soon', 'keep_alive_interval_s'],
    ['grpc://localhost?keep_alive_interval_s=-1', 'keep_alive_interval_s'],
    ['grpc://localhost?keep_alive_timeout_s=0', 'keep_alive_timeout_s'],
    ['grpc://localhost?keep_alive_timeout_s=nan', 'keep_alive_timeout_s'],
    ['grpc://localhost?keep_alive_interval_s=2147484', 'keep_alive_interval_s'],
  ])('refuses %s for its %s', (text, field) => {
    const error = refusal(text);
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', field });
    expect(error.message).toContain(`service address: ${field} `);
  });

  it('keeps a password out of the message', () => {
    for (const text of ['grpc://me:hunter2@localhost', 'grpc://:hunter2@localhost', 'grpc://me:hunter2@localhost:x']) {
      expect(refusal(text).message).not.toContain('hunter2');
    }
  });
});

describe('formatServiceAddress', () => {
  it('leaves the defaults out, but for the port', () => {
    expect(formatServiceAddress(plain)).toBe('grpc://localhost:443');
    expect(formatServiceAddress({ ...plain, host: '[::1]', port: 50051, tls: null, keepAlive: null })).toBe(
      'grpc://[::1]:50051?ssl=false&keep_alive=false',
    );
  });

  const ms = fc.integer({ min: 1, max: 2 ** 31 - 1 });
  const path = fc.string({ minLength: 1, unit: 'grapheme' });
  const address = fc.record<ServiceAddress>({
    host: fc.oneof(fc.domain(), fc.ipV4(), fc.constantFrom('[::1]', '[fd00::17]')),
    port: fc.integer({ min: 1, max: 65_535 }),
    tls: fc.option(
      fc.record({ rootCertificatesPath: path, privateKeyPath: path, certificateChainPath: path }, { requiredKeys: [] }),
    ),
    keepAlive: fc.option(fc.record({ intervalMs: ms, timeoutMs: ms })),
  });

  test.prop([address])('writes what parseServiceAddress reads', address => {
    expect(parseServiceAddress(formatServiceAddress(address))).toEqual(address);
  });
});
