import { DispatchClient } from '../../src/client/dispatchClient.js';
import { dispatchProgram } from '../support/startCli.js';
import { type LineProcess, startProcess } from './lineProcess.js';

/** The credentials that the service of these tests accepts. */
export const credentials = { authKey: 'interop-key', signSecret: 'interop-secret' };

/** A notification as `dispatch follow --json` prints it. */
export interface FollowedNotification {
  readonly notification: string;
  readonly id: number;
  readonly type: string;
  readonly atMs: number;
  readonly lateMs: number;
  readonly cause: string;
  readonly run: { readonly startMs: number; readonly endMs: number | null };
}

/** A service that runs in a process of its own. */
export interface ServiceProcess extends AsyncDisposable {
  readonly address: string;
  readonly port: number;
}

/** `dispatch follow --json` in a process of its own. */
export interface Follower extends AsyncDisposable {
  /**
   * What it said about the runs of a dispatch, once it has said so much and worked off every change that the service
   * has made until now.
   */
  about(id: number, count?: number): Promise<FollowedNotification[]>;
  /** The rest: what it said about dispatches that nobody asked about, or after somebody asked. */
  notAskedFor(): Promise<FollowedNotification[]>;
}

/** Runs `dispatch serve` on a database and a port, by default a free one. */
export async function startService(database: string, port = 0): Promise<ServiceProcess> {
  const process = startDispatch(['serve', '--listen', `127.0.0.1:${port}`, '--database', database]);
  const address = await process.until(lines =>
    lines.map(line => /^listening on (grpc:\/\/\S+)/.exec(line)?.[1]).find(found => found !== undefined),
  );
  return { address, port: Number(new URL(address).port), [Symbol.asyncDispose]: process[Symbol.asyncDispose] };
}

/** Runs `dispatch follow --json` for a microgrid of a service. */
export function startFollower(address: string, microgridId: number): Follower {
  const process = startDispatch(['follow', String(microgridId), '--json', '--url', address]);
  const connection = new DispatchClient({ address, ...credentials });
  const client = connection.forMicrogrid(microgridId);
  const asked = new Map<number, number>();
  const said = (id: number) => notifications(process.lines).filter(notification => notification.id === id);

  /** The stream keeps the order of changes: what the follower says about a marker comes after all before it. */
  async function workedOff(): Promise<void> {
    const { id } = await client.create({ type: 'MARKER', startTime: 'NOW', selector: { ids: [1] } });
    await process.until(() => said(id)[0]);
    await client.delete(id);
    asked.set(id, 2);
  }

  return {
    async about(id, count = 0) {
      await process.until(() => (said(id).length >= count ? true : undefined));
      await workedOff();
      const found = said(id);
      asked.set(id, found.length);
      return found;
    },
    async notAskedFor() {
      await workedOff();
      const ids = new Set(notifications(process.lines).map(({ id }) => id));
      return [...ids].flatMap(id => said(id).slice(asked.get(id)));
    },
    async [Symbol.asyncDispose]() {
      connection.close();
      await process[Symbol.asyncDispose]();
    },
  };
}

function startDispatch(args: readonly string[]): LineProcess {
  const { authKey, signSecret } = credentials;
  return startProcess(globalThis.process.execPath, [
    dispatchProgram,
    ...args,
    '--auth-key',
    authKey,
    '--sign-secret',
    signSecret,
  ]);
}

function notifications(lines: readonly string[]): FollowedNotification[] {
  const spoken: FollowedNotification[] = lines.map(line => JSON.parse(line));
  return spoken.filter(({ notification }) => notification.startsWith('run'));
}
