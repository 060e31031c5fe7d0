import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AccessOptions, serviceAccess } from '../../src/cli/access/serviceAccess.js';
import { runCli } from '../support/runCli.js';
import { temporaryFolder } from '../support/temporaryFolder.js';

const GENERIC = { FREQUENZ_API_KEY: 'generic-key', FREQUENZ_API_SECRET: 'generic-secret' };
const OWN = { DISPATCH_API_AUTH_KEY: 'own-key', DISPATCH_API_SIGN_SECRET: 'own-secret' };

let folder: ReturnType<typeof temporaryFolder>;
let config: string;
beforeEach(() => {
  folder = temporaryFolder();
  config = join(folder.path, 'config.json');
});
afterEach(() => folder[Symbol.dispose]());

const access = (options: AccessOptions, env: Record<string, string> = {}) =>
  serviceAccess({ config, ...options }, env, 'grpc://default');
const configured = (value: unknown) => writeFileSync(config, JSON.stringify(value), { mode: 0o600 });
const plants = {
  default: 'plant',
  profiles: {
    plant: { url: 'grpc://plant', authKey: 'plant-key', signSecret: 'plant-secret' },
    test: { url: 'grpc://test', authKey: 'test-key' },
    local: { url: 'grpc://local' },
  },
};

describe('credentials', () => {
  beforeEach(() => configured({}));

  it('L1: are the generic pair when there is nothing else', () => {
    expect(access({}, GENERIC)).toEqual({
      url: 'grpc://default',
      authKey: 'generic-key',
      signSecret: 'generic-secret',
    });
  });

  it('L2: are the own pair before the generic one', () => {
    expect(access({}, { ...GENERIC, ...OWN })).toMatchObject({ authKey: 'own-key', signSecret: 'own-secret' });
  });

  it('L3: of which one is missing are not completed from another source', () => {
    const { DISPATCH_API_AUTH_KEY } = OWN;
    expect(access({}, { ...GENERIC, DISPATCH_API_AUTH_KEY })).toEqual({ url: 'grpc://default', authKey: 'own-key' });
    expect(access({ authKey: 'k' }, { ...GENERIC, ...OWN })).toEqual({ url: 'grpc://default', authKey: 'k' });
    const { DISPATCH_API_SIGN_SECRET } = OWN;
    expect(() => access({}, { ...GENERIC, DISPATCH_API_SIGN_SECRET })).toThrow('needs an --auth-key');
    expect(() => access({ signSecret: 's' }, OWN)).toThrow('--sign-secret needs an --auth-key');
    writeFileSync(join(folder.path, 'alone'), 's', { mode: 0o600 });
    const alone = { signSecretFile: join(folder.path, 'alone') };
    expect(() => access(alone, OWN)).toThrow('--sign-secret-file needs an --auth-key or an --auth-key-file.');
    configured(plants);
    expect(access({ profile: 'test' }, { ...GENERIC, ...OWN })).toEqual({ url: 'grpc://test', authKey: 'test-key' });
  });

  it('L4: are those of the command line before all others', () => {
    configured(plants);
    const options = { authKey: 'k', signSecret: 's', profile: 'plant' };
    expect(access(options, { ...GENERIC, ...OWN })).toEqual({ url: 'grpc://plant', authKey: 'k', signSecret: 's' });
  });

  it('are read from files, without the line break at the end', () => {
    const files = { authKeyFile: join(folder.path, 'key'), signSecretFile: join(folder.path, 'secret') };
    writeFileSync(files.authKeyFile, 'file-key\n', { mode: 0o600 });
    writeFileSync(files.signSecretFile, ' a secret \r\n', { mode: 0o600 });
    expect(access(files, OWN)).toMatchObject({ authKey: 'file-key', signSecret: ' a secret ' });
    writeFileSync(files.signSecretFile, '\n');
    expect(() => access(files)).toThrow(`--sign-secret-file: the file ${files.signSecretFile} is empty.`);
    writeFileSync(files.signSecretFile, '\uFEFFa secret');
    expect(() => access(files)).toThrow('must not begin with a byte order mark: store it as UTF-8 without one.');
    expect(() => access({ authKeyFile: join(folder.path, 'none') })).toThrow(
      '--auth-key-file: the file cannot be read',
    );
  });

  it('may not be empty in the environment', () => {
    expect(() => access({}, { DISPATCH_API_AUTH_KEY: '' })).toThrow('DISPATCH_API_AUTH_KEY must not be empty.');
    expect(access({}, { FREQUENZ_API_KEY: '' })).toEqual({ url: 'grpc://default' });
  });
});

describe('profiles', () => {
  it('are chosen by name, by the environment, or by the file, behind what the environment says itself', () => {
    configured(plants);
    expect(access({})).toEqual({ url: 'grpc://plant', authKey: 'plant-key', signSecret: 'plant-secret' });
    expect(access({}, { DISPATCH_PROFILE: 'test' })).toEqual({ url: 'grpc://test', authKey: 'test-key' });
    expect(access({ profile: 'local' }, { DISPATCH_PROFILE: 'test' })).toEqual({ url: 'grpc://local' });
    expect(access({}, { ...OWN, DISPATCH_API_URL: 'grpc://env' })).toMatchObject({
      url: 'grpc://env',
      authKey: 'own-key',
    });
    expect(access({ profile: 'test' }, { ...OWN, DISPATCH_API_URL: 'grpc://env' })).toMatchObject({
      url: 'grpc://test',
    });
    expect(access({ profile: 'test', url: 'grpc://option' })).toMatchObject({ url: 'grpc://option' });
  });

  it('name files relative to theirs', () => {
    writeFileSync(join(folder.path, 'plant.secret'), 'from-file\n', { mode: 0o600 });
    configured({ profiles: { plant: { authKey: 'k', signSecretFile: 'plant.secret' } } });
    expect(access({ profile: 'plant' })).toMatchObject({ signSecret: 'from-file' });
  });

  it.each([
    ['{', ': is not valid JSON (line 1).'],
    ['\uFEFF{}', ': must not begin with a byte order mark: store it as UTF-8 without one.'],
    ['{"profiles":{"plant":{"authKey":"tell-nobody",\n"authKey":"k"}}}', ': has the field authKey twice (line 2).'],
    ['[]', ': must be an object.'],
    ['{"profile":{}}', ': must have no field other than default, profiles and serve, not profile.'],
    ['{"profiles":[]}', ': profiles: must be an object.'],
    ['{"default":"x","profiles":{}}', ': default: must be the name of one of the profiles.'],
    ['{"profiles":{}}', ': has no profiles.'],
    ['{"profiles":{"other":{}}}', ': has no profile plant, only other.'],
    ['{"profiles":{"plant":{"password":"tell-nobody"}}}', ', signSecretFile, not password.'],
    ['{"profiles":{"plant":{"url":""}}}', ': profiles.plant.url: must be a text that is not empty.'],
    ['{"profiles":{"plant":{"signSecret":"tell-nobody"}}}', ': profiles.plant: must have an authKey where'],
    [
      '{"profiles":{"plant":{"authKey":"tell-nobody","authKeyFile":"f"}}}',
      ': profiles.plant.authKeyFile: must be absent',
    ],
  ])('are refused when the file is %j', (text, problem) => {
    writeFileSync(config, text);
    let message = '';
    try {
      access({ profile: 'plant' });
    } catch (error) {
      message = (error as Error).message;
    }

    expect(message).toContain(problem);
    expect(message).not.toContain('tell-nobody');
  });

  it('are refused in a file that is named and does not exist', () => {
    expect(() => access({})).toThrow(`--config: there is no file ${config}.`);
    const missing = () => serviceAccess({}, { DISPATCH_CONFIG: config }, 'grpc://default');
    expect(missing).toThrow(`DISPATCH_CONFIG: there is no file ${config}.`);
  });

  it('are refused by name where there is no file', () => {
    const env = { XDG_CONFIG_HOME: folder.path };
    expect(() => serviceAccess({ profile: 'plant' }, env, 'grpc://default')).toThrow(/^--profile plant: /);
  });

  it('with a file of a secret that others can read are warned about, once', async () => {
    const [key, secret] = ['plant.key', 'plant.secret'].map(name => join(folder.path, name));
    if (key === undefined || secret === undefined) throw new Error('unreachable');
    for (const file of [key, secret]) writeFileSync(file, 'a-value', { mode: 0o600 });
    chmodSync(secret, 0o644);
    configured({
      default: 'down',
      profiles: { down: { url: 'grpc://127.0.0.1:1?ssl=false', authKeyFile: key, signSecretFile: secret } },
    });
    const { stderr } = await runCli(['list', '1', '--config', config]);
    expect(stderr.match(/^warning: .*/gm)).toEqual([expect.stringContaining(`${secret} can be read by every user`)]);
  });

  it('by default, with a secret, are warned about once', async () => {
    configured({ default: 'down', profiles: { down: { url: 'grpc://127.0.0.1:1?ssl=false', authKey: 'k' } } });
    chmodSync(config, 0o644);
    expect((await runCli(['list', '1', '--config', config])).stderr.match(/^warning: /gm)).toHaveLength(1);
  });

  it('with a secret are warned about when others can read them', async () => {
    configured({ profiles: { down: { url: 'grpc://127.0.0.1:1?ssl=false', authKey: 'k' } } });
    const list = () => runCli(['list', '1', '--config', config, '--profile', 'down']);
    expect((await list()).stderr).not.toContain('warning');
    chmodSync(config, 0o644);
    const { code, stderr } = await list();
    expect({ code, stderr }).toEqual({
      code: 4,
      stderr: expect.stringMatching(/^warning: \S+ can be read by every user of this machine; .*\nerror: UNAVAILABLE/),
    });
  });
});
