import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestService, type TestService } from '../../src/testing/startTestService.js';
import { sampled } from '../support/sampled.js';
import { otherLines, sameLines } from './commandLines/commandLines.js';
import { nearly, typeHere, typeInPython } from './commandLines/typedLine.js';
import { describeWithPythonCommand } from './describeWithPython.js';

const page = readFileSync('docs/from-python.md', 'utf8');

describeWithPythonCommand('a command line typed into the Python command and into ours', () => {
  let service: TestService;
  let env: Record<string, string>;
  beforeAll(async () => {
    service = await startTestService({ authKey: 'the-auth-key', signSecret: 'the-sign-secret' });
    env = {
      DISPATCH_API_URL: service.address,
      DISPATCH_API_AUTH_KEY: 'the-auth-key',
      DISPATCH_API_SIGN_SECRET: 'the-sign-secret',
      // The Python command reads times in the zone of the machine, ours in UTC.
      TZ: 'UTC',
    };
  });
  afterAll(() => service?.stop());

  it.each(sampled(sameLines, 10))('has the same effect: %s', async line => {
    const [python, here] = await Promise.all([typeInPython(line, service, env), typeHere(line, service, env)]);
    const { stderr, ...effect } = here;
    expect(nearly(python, here), `Python: ${python.stderr}\nhere: ${stderr}`).toEqual(effect);
  });

  it.each(sampled(otherLines, 2))('has another effect: %s (%s)', async (line, difference) => {
    const [python, here] = await Promise.all([typeInPython(line, service, env), typeHere(line, service, env)]);
    const { stderr: _, ...effect } = here;
    expect(nearly(python, here)).not.toEqual(effect);
    expect(page).toContain(`| ${difference} |`);
  });
});
