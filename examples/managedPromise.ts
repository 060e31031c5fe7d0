// How do I run an asynchronous function while a dispatch runs?
import { setTimeout as sleep } from 'node:timers/promises';
import { fromPromise } from 'xstate';
import { Dispatcher, type DispatchInfo, mergeByTypeAndSelector } from 'xstate-dispatch';

/** Repeats the power of a charger until the signal aborts: because the dispatch stops, or changes. */
const charge = fromPromise<void, DispatchInfo>(async ({ input, signal }) => {
  const { dispatchId, payload, dryRun } = input;
  // A dry run must not touch the charger: it only says what it would do.
  const would = dryRun ? 'would ' : '';
  console.log(`dispatch ${dispatchId}: ${would}charge with ${payload.kw} kW`);
  // A listener is called at once. What comes after an await comes too late: the next start may be before it.
  signal.addEventListener('abort', () => console.log(`dispatch ${dispatchId}: ${would}end`), { once: true });
  while (!signal.aborted) {
    // Here a program would send the power to its charger, but not in a dry run.
    await sleep(1_000, undefined, { signal });
  }
});

const dispatcher = new Dispatcher({
  microgridId: 1,
  address: process.env.DISPATCH_API_URL ?? 'grpc://localhost:50051?ssl=false',
  authKey: process.env.DISPATCH_API_AUTH_KEY,
  signSecret: process.env.DISPATCH_API_SIGN_SECRET,
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void dispatcher.stop());

dispatcher.startManaging('CHARGE', charge, {
  // One promise for each charger: when a dispatch follows another one, the first promise ends before the second starts.
  mergeStrategy: mergeByTypeAndSelector,
  // A promise receives no events: it is started anew when the dispatch changes, and again after a failure.
  onReconfigure: 'restart',
  retryIntervalMs: 10_000,
});
dispatcher.on('problem', problem => console.log(`problem: ${problem.message}`));
await dispatcher.start();
console.log('waiting for dispatches of type CHARGE');
