// A program that uses clients, and tells what they leave open when they are closed.
import { Channel, ChannelCredentials } from '@grpc/grpc-js';
import { DispatchClient } from 'xstate-dispatch';
import { playScenes } from './playScenes.js';

const [port, refusedPort, silentPort] = process.argv.slice(2);
const address = `grpc://127.0.0.1:${port}?ssl=false`;

/** A call that is to be ended by the end of its client. */
function endsWithClient(call: Promise<unknown>): void {
  call.then(
    () => console.log(JSON.stringify({ name: 'a call that succeeded' })),
    error => {
      if (error.code !== 'STOPPED') console.log(JSON.stringify({ name: `a call that failed with ${error}` }));
    },
  );
}

async function whenChannelWaits(): Promise<void> {
  // Whatever is to be under way has begun by then.
  for (let turns = 0; turns < 200; turns++) await new Promise(resolve => setImmediate(resolve));
}

const scenes = {
  async 'a client that made a call'() {
    const client = new DispatchClient({ address });
    for await (const _ of client.list({ microgridId: 1 })) break;
    return () => client.close();
  },
  async 'a client that has a stream, and is closed twice'() {
    const client = new DispatchClient({ address });
    const watch = client.forMicrogrid(1).watchRecords();
    await watch.opened;
    endsWithClient(watch[Symbol.asyncIterator]().next());
    return () => {
      client.close();
      client.close();
    };
  },
  async 'a client whose call waits to be made again'() {
    const client = new DispatchClient(
      { address: `grpc://127.0.0.1:${refusedPort}?ssl=false` },
      { random: () => 0.999 },
    );
    endsWithClient(client.get({ microgridId: 1, id: 1 }));
    await whenChannelWaits();
    return () => client.close();
  },
  async 'a client that connects to what does not answer'() {
    const client = new DispatchClient({ address: `grpc://127.0.0.1:${silentPort}?ssl=false` });
    endsWithClient(client.get({ microgridId: 1, id: 1 }));
    await whenChannelWaits();
    return () => client.close();
  },
  async 'a client of a channel that its owner closes'() {
    const channel = new Channel(`127.0.0.1:${port}`, ChannelCredentials.createInsecure(), {});
    const client = new DispatchClient({ channel });
    for await (const _ of client.list({ microgridId: 1 })) break;
    return () => {
      client.close();
      channel.close();
    };
  },
};

await playScenes(scenes);
