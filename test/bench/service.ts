import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const serviceProcess = fileURLToPath(new URL('serviceProcess.js', import.meta.url));

/** A service in a process of its own, with dispatches in microgrid 1. */
export interface BenchService extends AsyncDisposable {
  readonly address: string;
  /** Makes the process itself change the dispatches in turn, as fast as it can; returns how long that took it. */
  update(count: number): Promise<{ tookMs: number }>;
}

/** Starts a service with so many dispatches: one in four has a rule, one in ten runs now. */
export async function startService(count: number): Promise<BenchService> {
  const child = fork(serviceProcess, [String(count)]);
  const ended = once(child, 'exit');
  const answer = async () => {
    const message = await Promise.race([once(child, 'message'), ended.then(() => undefined)]);
    if (message === undefined) throw new Error('the service ended');
    return message[0];
  };
  const { address } = (await answer()) as { address: string };
  return {
    address,
    update: async updates => {
      child.send(updates);
      return (await answer()) as { tookMs: number };
    },
    async [Symbol.asyncDispose]() {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}
