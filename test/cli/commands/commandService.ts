import { afterAll, beforeAll, expect } from 'vitest';
import { runCli } from '../../support/runCli.js';
import { type RunningCli, startCli } from '../../support/startCli.js';

const credentials = { DISPATCH_API_AUTH_KEY: 'the-auth-key', DISPATCH_API_SIGN_SECRET: 'the-sign-secret' };

let service: RunningCli;
let env: typeof credentials & { DISPATCH_API_URL: string };
let port: number;

/** Runs `dispatch serve`, with dispatches in memory, for the commands of a file of tests. */
export function useCommandService(): void {
  beforeAll(async () => {
    service = startCli(['serve', '--listen', '127.0.0.1:0', '--database', ':memory:', '--json'], credentials);
    const { listening, port: taken } = JSON.parse(await service.line());
    port = taken;
    env = { ...credentials, DISPATCH_API_URL: listening };
  });

  afterAll(async () => {
    const { code, stderr } = await service.stop('SIGTERM');
    expect(code).toBe(0);
    expect(stderr).toContain('"msg":"dispatches are stored in memory only and are lost when the service stops"');
  });
}

/** The settings with which commands reach the service. */
export function serviceEnv(): typeof env {
  return env;
}

/** The port of the service. */
export function servicePort(): number {
  return port;
}

/** Runs a command that must succeed; returns what it printed, by lines. */
export async function dispatch(...args: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await runCli(args, env);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout.trimEnd().split('\n');
}

/** Runs a command that must succeed, also with notes on stderr; returns the objects that it printed. */
export async function dispatchJson(...args: string[]) {
  const { code, stdout, stderr } = await runCli([...args, '--json'], env);
  expect({ code, stderr: stderr.replace(/^\{"note":.*\}\n/gm, '') }).toEqual({ code: 0, stderr: '' });
  return stdout
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line));
}

/** Creates a dispatch. */
export async function createdIn(microgridId: number, ...args: string[]) {
  const [created] = await dispatchJson('create', `${microgridId}`, ...args);
  return created;
}
