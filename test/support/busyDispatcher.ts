import { Dispatcher } from '../../src/dispatcher/dispatcher.js';
import { sqliteStore } from '../../src/store/sqliteStore.js';
import { memoryTransport } from '../../src/testing/memoryTransport.js';
import { dispatchRecord } from './dispatchRecord.js';

// A program for tests that kill it: its dispatcher gets a dispatch every few milliseconds, each of which starts at once,
// keeps them in the store that is its argument, and prints `ID INSTANT` for each start.
const [, , path = ''] = process.argv;
const transport = memoryTransport();
const dispatcher = new Dispatcher({ microgridId: 1, transport, store: sqliteStore(path) });
dispatcher.on('running', ({ id }) => process.stdout.write(`${id} ${Date.now()}\n`));
await dispatcher.start();
await dispatcher.ready();
let id = 0;
setInterval(() => {
  id += 1;
  transport.put(dispatchRecord({ id, startTimeMs: Date.now() - 1_000, durationMs: null }));
}, 4);
