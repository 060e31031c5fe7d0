import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Metadata, Status } from 'nice-grpc-common';
import { describe, expect, it } from 'vitest';
import { parseKeysFile } from '../../../src/service/access/keysFile.js';
import { startDispatchService } from '../../../src/service/index.js';
import { keptLog } from '../../support/keptLog.js';
import { type KeyEntry, keysFile } from '../../support/keysFile.js';
import { openStream, rawService } from '../../support/rawService.js';
import { signedMetadata } from '../../support/signedMetadata.js';
import { temporaryFolder } from '../../support/temporaryFolder.js';

const entry = { name: 'a', key: 'key-a', secret: 'secret-a', microgrids: [1, 2] };
const other = { name: 'b', key: 'key-b', microgrids: 'all' } as const;
const wrongPlaces = (keys: unknown) => JSON.stringify({ keys });

describe('a file of API keys', () => {
  it('gives keys with their rights', () => {
    expect(parseKeysFile(JSON.stringify({ keys: [entry, other] }), 'keys.json')).toEqual([
      { ...entry, microgrids: new Set([1, 2]), access: 'write', audit: false },
      { ...other, secret: undefined, access: 'write', audit: false },
    ]);
    const reader = wrongPlaces([{ ...entry, access: 'read', audit: true }]);
    expect(parseKeysFile(reader, 'keys.json')).toMatchObject([{ name: 'a', access: 'read', audit: true }]);
    expect(parseKeysFile('{"keys":[]}', 'keys.json')).toEqual([]);
  });

  it('may hold very many', () => {
    const many = Array.from({ length: 50_000 }, (_, index) => ({ ...entry, name: `n${index}`, key: `key-${index}` }));
    expect(parseKeysFile(wrongPlaces(many), 'keys.json')).toHaveLength(50_000);
    const last = { ...entry, name: 'another', key: 'key-0' };
    expect(() => parseKeysFile(wrongPlaces([...many, last]), 'keys.json')).toThrow(
      'keys[50000].key: must differ from that of keys[0]',
    );
  }, 30_000);

  it('is told the last line of its text where it breaks off', () => {
    expect(() => parseKeysFile('{"keys":[],\n', 'keys.json')).toThrow('is not valid JSON (line 1)');
  });

  it.each([
    ['', 'is not valid JSON'],
    ['{"keys":\n["tell-nobody"', 'is not valid JSON'],
    ['{"keys":\n[{"name": "a",\n "key": tell-nobody}]}', 'is not valid JSON'],
    ['\uFEFF{"keys":[]}', 'must not begin with a byte order mark: store it as UTF-8 without one'],
    ['{"keys":\n[{"name":"a","key":"tell-nobody","k\\u0065y":"key-a","microgrids":[1]}]}', 'has the field key twice'],
    [
      '{"keys":\n[{"name":"a","key":"{\\"key\\":1","secret":"s","microgrids":[1],"secret":"s"}]}',
      'has the field secret twice',
    ],
    ['{"keys":[{"tell-nobody":1,"tell-nobody":2}]}', 'has a field twice'],
    ['{"keys":[],"keys":[]}', 'has the field keys twice'],
    ['[]', 'must be an object with a list "keys"'],
    ['{"keys":{}}', 'must be an object with a list "keys"'],
    ['{"keys":[],"version":1}', 'must have no field other than "keys", not version'],
    [
      wrongPlaces([{ ...entry, note: 1 }]),
      'keys[0]: must have no fields other than name, key, secret, microgrids, access, audit, not note',
    ],
    ['{"keys":[],"tell-nobody":1}', 'must have no field other than "keys"'],
    [wrongPlaces(['tell-nobody']), 'keys[0]: must be an object'],
    [
      wrongPlaces([entry, { ...other, 'tell-nobody': 1 }]),
      'keys[1]: must have no fields other than name, key, secret, microgrids, access, audit',
    ],
    [
      wrongPlaces([{ ...entry, name: 'tell nobody' }]),
      'keys[0].name: must be a string of 1 to 64 letters, digits, dots, hyphens and underscores',
    ],
    ...['', ' tell-nobody', 'tell-nobödy', 'n'.repeat(257), 1, undefined].map(key => [
      wrongPlaces([{ ...entry, key }]),
      'keys[0].key: must be a string of 1 to 256 printable ASCII characters, without spaces at its ends',
    ]),
    ...['', 'n'.repeat(1025), null, 7].map(secret => [
      wrongPlaces([{ ...entry, secret }]),
      'keys[0].secret: must be a string of 1 to 1024 characters, or absent',
    ]),
    ...['ALL', [1.5], [-1], ['1'], undefined, 2 ** 53].map(microgrids => [
      wrongPlaces([{ ...entry, microgrids }]),
      'keys[0].microgrids: must be "all" or a list of microgrid ids',
    ]),
    ...['all', '', null, true].map(access => [
      wrongPlaces([{ ...entry, access }]),
      'keys[0].access: must be "read" or "write", or absent',
    ]),
    ...['true', 1, null].map(audit => [
      wrongPlaces([{ ...entry, audit }]),
      'keys[0].audit: must be true or false, or absent',
    ]),
    [wrongPlaces([entry, { ...other, name: 'a' }]), 'keys[1].name: must differ from that of keys[0]'],
    [wrongPlaces([entry, { ...other, key: 'key-a' }]), 'keys[1].key: must differ from that of keys[0]'],
  ] as [string, string][])('is refused when it is %j', (text, problem) => {
    let refusal: unknown;
    try {
      parseKeysFile(text, '/etc/keys.json');
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toMatchObject({ code: 'INVALID_ARGUMENT', field: 'keys' });
    const { message, cause } = refusal as Error;
    expect(message.replace(/ \(line \d+\)$/, '')).toBe(`keys: /etc/keys.json: ${problem}`);
    expect(message).not.toContain('tell');
    expect(cause).toBeUndefined();
  });

  it('stops the start of a service when it is wrong or not there', async () => {
    using file = keysFile([]);
    file.replaceText('{}');
    await expect(startDispatchService({ keys: file.path })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: `keys: ${file.path}: must be an object with a list "keys"`,
    });
    await expect(startDispatchService({ keys: join(file.folder, 'none') })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('none cannot be read: ENOENT'),
    });
  });

  it('excludes an authKey', async () => {
    await expect(startDispatchService({ keys: 'keys.json', authKey: 'key' })).rejects.toMatchObject({ field: 'keys' });
  });

  it('is warned of when every user of the machine can read it', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'keys.json');
    writeFileSync(path, '{"keys":[]}', { mode: 0o644 });
    const log = keptLog();
    const service = await startDispatchService({ keys: path, logger: log.logger });
    await service.stop();
    expect(log.messages('warn')).toEqual([expect.stringContaining('can be read by every user of this machine')]);
  });
});

describe('a file of API keys that changes', () => {
  const start = async (keys: readonly KeyEntry[]) => {
    const file = keysFile(keys);
    const log = keptLog();
    const raw = await rawService({ keys: file.path, logger: log.logger });
    const list = (key: string, microgridId = 1n) =>
      raw.client.listMicrogridDispatches({ microgridId }, { metadata: Metadata({ key }) });
    return {
      file,
      log,
      raw,
      list,
      async [Symbol.asyncDispose]() {
        await raw[Symbol.asyncDispose]();
        file[Symbol.dispose]();
      },
    };
  };
  const one = { name: 'one', key: 'key-1', microgrids: [1] };
  const two = { name: 'two', key: 'key-2', microgrids: [1] };

  it('lets new keys in and old ones no longer', async () => {
    await using service = await start([one]);
    service.file.replace([two]);
    await service.raw.service.reload();
    await service.list('key-2');
    await expect(service.list('key-1')).rejects.toMatchObject({ code: Status.UNAUTHENTICATED });
  });

  it('ends streams of keys that are gone, whose secret changed, or whose right was taken away; no others', async () => {
    const signing = { ...two, secret: 'secret' };
    const stays = { name: 'stays', key: 'key-3', secret: 'secret-3', microgrids: 'all' as const };
    await using service = await start([one, signing, stays]);
    const { client } = service.raw;
    const method = 'StreamMicrogridDispatches';
    await using gone = await openStream(client, 1n, Metadata({ key: 'key-1' }));
    await using changed = await openStream(client, 1n, signedMetadata({ ...signing, method }));
    await using denied = await openStream(client, 2n, signedMetadata({ ...stays, method }));
    await using left = await openStream(client, 3n, signedMetadata({ ...stays, method }));
    service.file.replace([
      { ...signing, secret: 'another' },
      { ...stays, microgrids: [3] },
    ]);
    await expect(gone.next()).rejects.toMatchObject({ code: Status.UNAUTHENTICATED });
    await expect(changed.next()).rejects.toMatchObject({ code: Status.UNAUTHENTICATED });
    await expect(denied.next()).rejects.toMatchObject({
      code: Status.PERMISSION_DENIED,
      details: 'the API key has no access to microgrid 2',
    });
    service.file.replace([]);
    await expect(left.next()).rejects.toMatchObject({ code: Status.UNAUTHENTICATED });
  });

  it('is found also behind links that are exchanged', async () => {
    using folder = temporaryFolder();
    const at = (name: string) => join(folder.path, name);
    const release = (name: string, keys: readonly KeyEntry[]) => {
      mkdirSync(at(name));
      writeFileSync(join(at(name), 'keys.json'), JSON.stringify({ keys }));
      symlinkSync(name, at('..next'));
      renameSync(at('..next'), at('..data'));
    };
    release('v1', [one]);
    symlinkSync(join('..data', 'keys.json'), at('keys.json'));
    await using raw = await rawService({ keys: at('keys.json') });
    await using stream = await openStream(raw.client, 1n, Metadata({ key: 'key-1' }));
    release('v2', [two]);
    await expect(stream.next()).rejects.toMatchObject({ code: Status.UNAUTHENTICATED });
  });

  it('leaves the old keys in force while it is wrong, which is logged once', async () => {
    await using service = await start([one]);
    const { log, file, raw } = service;
    file.replaceText('{"keys": [tell-nobody');
    await raw.service.reload();
    file.replaceText('{"keys": [tell-nobody');
    await service.list('key-1');
    const entry = log.entries.find(({ level }) => level === 'error');
    expect(entry?.message).toBe('the API keys cannot be reloaded; the previous ones stay in force');
    expect(entry?.fields).toMatchObject({
      err: { message: expect.stringContaining('is not valid JSON') },
      paths: [file.path],
    });
    expect(log.text()).not.toContain('tell-nobody');
    file.replace([two]);
    await raw.service.reload();
    await service.list('key-2');
    expect(log.messages('error')).toHaveLength(1);
    expect(log.messages('info')).toContain('the API keys were reloaded');
  });
});
