import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { CertificateFiles } from '../support/certificates.js';

/** A server in a process of its own, which ends with this one. */
export interface BenchServer extends AsyncDisposable {
  readonly address: string;
  readonly port: number;
  /** The processor time that it has used so far. */
  cpuMs(): Promise<number>;
}

/** A service in a process of its own, with dispatches in microgrid 1. */
export interface BenchService extends BenchServer {
  /** Where it answers over HTTP. */
  readonly webUrl: string;
  /** Makes the process itself change the dispatches in turn, as fast as it can; returns how long that took it. */
  update(count: number): Promise<{ tookMs: number }>;
}

/** Options of {@link startService}. */
export interface ServiceOptions {
  /** An empty one. @default memory */
  readonly database?: string;
  /** Origins of pages that may call it. @default none */
  readonly origins?: readonly string[];
  /** With which it serves over TLS. @default without TLS */
  readonly tls?: CertificateFiles;
}

/** Starts a service with so many dispatches: one in four has a rule, one in ten runs now. */
export function startService(count: number, options: ServiceOptions = {}): Promise<BenchService> {
  return startServer('serviceProcess.js', [String(count), JSON.stringify(options)]);
}

/** Starts a scripted service whose dispatches all start at one instant, milliseconds since the epoch. */
export function startBurstService(count: number, startMs: number): Promise<BenchServer> {
  return startServer('burstServiceProcess.js', [String(count), String(startMs)]);
}

/** Starts a server of grpc-js alone that answers every call with its request. */
export function startEcho(): Promise<BenchServer> {
  return startServer('echoProcess.js', []);
}

async function startServer(module: string, args: readonly string[]): Promise<BenchService> {
  const child = fork(fileURLToPath(new URL(module, import.meta.url)), args);
  const ended = once(child, 'exit');
  const answer = async () => {
    const message = await Promise.race([once(child, 'message'), ended.then(() => undefined)]);
    if (message === undefined) throw new Error(`${module} ended`);
    return message[0];
  };
  const { port, webUrl = '' } = (await answer()) as { port: number; webUrl?: string };
  return {
    address: `grpc://127.0.0.1:${port}?ssl=false`,
    port,
    webUrl,
    cpuMs: async () => {
      child.send('cpu');
      return ((await answer()) as { cpuMs: number }).cpuMs;
    },
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
