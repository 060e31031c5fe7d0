import { once } from 'node:events';
import WebSocket from 'ws';
import { startCli } from '../../support/startCli.js';

/** Memory of a process after a garbage collection, in bytes. */
export interface ProcessMemory {
  /** What its heap and its buffers hold. */
  readonly usedBytes: number;
  readonly residentBytes: number;
}

/** `dispatch serve` in a process of its own that tells how much memory it holds. */
export interface InspectedService extends AsyncDisposable {
  readonly port: number;
  memory(): Promise<ProcessMemory>;
  /** Stops it; returns all that it wrote but for Node's own words about its debugger. Throws when it was not running well. */
  stop(): Promise<string[]>;
}

/** Starts the command with Node's debugger on a free port of loopback, which is how its memory is read. */
export async function inspectedService(database: string, args: readonly string[] = []): Promise<InspectedService> {
  const serve = ['serve', '--database', database, '--listen', '127.0.0.1:0', '--json', ...args];
  const service = startCli(serve, { NODE_OPTIONS: '--inspect=127.0.0.1:0' });
  const debuggerUrl = await (async () => {
    for (;;) {
      const found = /^Debugger listening on (ws:\/\/\S+)/.exec(await service.line('stderr'));
      if (found?.[1] !== undefined) return found[1];
    }
  })();
  const port: number = JSON.parse(await service.line()).port;
  return {
    port,
    memory: () => readMemory(debuggerUrl),
    async stop() {
      const { code, stdout, stderr } = await service.stop();
      if (code !== 0) throw new Error(`the service ended with code ${code}: ${stderr}`);
      const own = /^(Debugger |For help, see: https:\/\/nodejs\.org)/;
      return `${stdout}${stderr}`.split('\n').filter(line => line !== '' && !own.test(line));
    },
    [Symbol.asyncDispose]: service[Symbol.asyncDispose],
  };
}

async function readMemory(debuggerUrl: string): Promise<ProcessMemory> {
  const socket = new WebSocket(debuggerUrl);
  await once(socket, 'open');
  let asked = 0;
  const ask = async (method: string, params: object = {}) => {
    const id = ++asked;
    socket.send(JSON.stringify({ id, method, params }));
    for (;;) {
      const [data] = await once(socket, 'message');
      const answer = JSON.parse(String(data));
      if (answer.error) throw new Error(`${method}: ${answer.error.message}`);
      if (answer.id === id) return answer.result;
    }
  };
  try {
    // Once is not enough for what only the first collection lets go of.
    for (let count = 0; count < 2; count += 1) await ask('HeapProfiler.collectGarbage');
    const expression = 'JSON.stringify(process.memoryUsage())';
    const { result } = await ask('Runtime.evaluate', { expression });
    const { heapUsed, external, rss } = JSON.parse(result.value);
    return { usedBytes: heapUsed + external, residentBytes: rss };
  } finally {
    socket.close();
    await once(socket, 'close');
  }
}
