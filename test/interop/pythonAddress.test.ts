import { afterAll, beforeAll, expect, it } from 'vitest';
import { openChannel } from '../../src/client/channel.js';
import { describeWithPython } from './describeWithPython.js';
import { type PythonProgram, startPython } from './python.js';

describeWithPython('the address of a service', () => {
  let python: PythonProgram;
  beforeAll(() => {
    python = startPython('python_address.py');
  });
  afterAll(async () => {
    await python?.[Symbol.asyncDispose]();
  });

  function isTaken(address: string): boolean {
    try {
      openChannel(address).close();
      return true;
    } catch {
      return false;
    }
  }

  const pythonTakes = async (address: string) => (await python.call('parse', { address })) === null;

  it.each([
    'grpc://localhost',
    'grpc://localhost:50051',
    'grpc://localhost?',
    'grpc://[::1]:50051?ssl=false',
    'grpc://localhost/',
    'grpc://localhost/v1',
    'grpc://localhost#top',
    'grpc://me@localhost',
    'grpc://me:hunter2@localhost',
    'grpc://',
    'grpc://:50051',
    'grpc://localhost:x',
    'grpc://localhost:65536',
    'http://localhost',
    'localhost:50051',
    ...['true', 'TRUE', '1', 'on', 'On', 'false', 'False', '0', 'off', 'yes', 'no', '2', '%20'].map(
      value => `grpc://localhost?ssl=${value}`,
    ),
    'grpc://localhost?ssl=',
    'grpc://localhost?ssl',
    'grpc://localhost?tls=',
    'grpc://localhost?tls=false',
    'grpc://localhost?SSL=false',
    'grpc://localhost?ssl=no&ssl=false',
    'grpc://localhost?ssl=false&ssl=no',
    'grpc://localhost?ssl=false&ssl=',
    'grpc://localhost?ssl=false&ssl_root_certificates_path=package.json',
    'grpc://localhost?ssl=false&ssl_private_key_path=package.json',
    'grpc://localhost?ssl=false&ssl_certificate_chain_path=package.json',
    'grpc://localhost?ssl=false&ssl=true&ssl_root_certificates_path=/nowhere/roots.pem',
    'grpc://localhost?ssl_private_key_path=/nowhere/key.pem',
    'grpc://localhost?ssl_certificate_chain_path=/nowhere/chain.pem',
    'grpc://localhost?keep_alive=on&keep_alive_interval_s=1.5&keep_alive_timeout_s=1e1',
    'grpc://localhost?keep_alive=off',
    'grpc://localhost?keep_alive=off&keep_alive_interval_s=60',
    'grpc://localhost?keep_alive=off&keep_alive_timeout_s=20',
    'grpc://localhost?keep_alive=off&keep_alive_timeout_s=',
    'grpc://localhost?keep_alive_interval_s=soon',
    'grpc://localhost?keep_alive_interval_s=soon&keep_alive_interval_s=30',
    'grpc://localhost?keep_alive_timeout_s=1e9',
  ])('is taken or refused as in Python: %s', async address => {
    expect(isTaken(address)).toBe(await pythonTakes(address));
  });

  it.each([
    ['port 0, which Python then takes for none', 'grpc://localhost:0?ssl=false'],
    ['a host that is none', 'grpc://localhost;x'],
    ['a time that is not one', 'grpc://localhost?keep_alive_interval_s=-1'],
    ['certificates that are none', 'grpc://localhost?ssl_root_certificates_path=package.json'],
  ])('is refused here, and in Python only when it is used: %s', async (_, address) => {
    expect(isTaken(address)).toBe(false);
    expect(await pythonTakes(address)).toBe(true);
  });
});
