// How do I start, reconfigure and stop work when a dispatch does?
//
// At one time, starts come before stops: when dispatches for one device follow each other, the stop of the first comes after the
// start of the second. For one device, use merging (docs/merging.md).
import { Dispatcher, RunningState } from 'xstate-dispatch';

const dispatcher = new Dispatcher({
  microgridId: 1,
  address: process.env.DISPATCH_API_URL ?? 'grpc://localhost:50051?ssl=false',
  authKey: process.env.DISPATCH_API_AUTH_KEY,
  signSecret: process.env.DISPATCH_API_SIGN_SECRET,
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void dispatcher.stop());

await dispatcher.start();
console.log('waiting for dispatches of type DEMO_TYPE');
for await (const dispatch of dispatcher.runningStatusChange.newReceiver({ name: 'demo', includeScheduledEnd: true })) {
  // A dry run must not touch any equipment: it only says what it would do.
  const would = dispatch.dryRun ? 'would ' : '';
  switch (dispatch.running('DEMO_TYPE')) {
    case RunningState.RUNNING:
      console.log(
        `dispatch ${dispatch.id} ${dispatch.change?.kind}: ${would}do`,
        dispatch.payload,
        'on',
        dispatch.selector,
      );
      console.log(`  until ${dispatch.until?.toISOString() ?? 'further notice'}`);
      break;
    case RunningState.STOPPED:
      console.log(`dispatch ${dispatch.id}: ${would}stop`);
      break;
    case RunningState.DIFFERENT_TYPE:
      break;
  }
}
