// How do I learn which dispatches exist, and how they change?
import { Dispatcher } from 'xstate-dispatch';

const dispatcher = new Dispatcher({
  microgridId: 1,
  address: process.env.DISPATCH_API_URL ?? 'grpc://localhost:50051?ssl=false',
  authKey: process.env.DISPATCH_API_AUTH_KEY,
  signSecret: process.env.DISPATCH_API_SIGN_SECRET,
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void dispatcher.stop());

// Created before the start, the receiver gets every dispatch that the first sync finds, as created.
const events = dispatcher.lifecycleEvents.newReceiver();
await dispatcher.start();
console.log('waiting for dispatches to be created, updated and deleted');
for await (const { type, dispatch } of events) {
  console.log(`dispatch ${dispatch.id} of type ${dispatch.type} was ${type}`);
  if (type !== 'deleted') console.log(`  next run: ${dispatch.nextRun?.toISOString() ?? 'none'}`);
}
