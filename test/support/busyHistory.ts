import { Dispatcher } from '../../src/dispatcher/dispatcher.js';
import { sqliteStore } from '../../src/store/sqliteStore.js';
import { memoryTransport } from '../../src/testing/memoryTransport.js';
import { dispatchRecord } from './dispatchRecord.js';

// A program for tests that kill it: every few milliseconds its dispatcher gets a dispatch that starts at once, of which some end, are changed
// or deleted soon. It keeps them in the store that is its argument, and prints a line for each notification.
const [, , path = ''] = process.argv;
const transport = memoryTransport();
const dispatcher = new Dispatcher({ microgridId: 1, transport, store: sqliteStore(path) });
dispatcher.on('running', ({ id }) => process.stdout.write(`${id}\n`));
await dispatcher.start();
await dispatcher.ready();
let id = 0;
setInterval(() => {
  id += 1;
  // Those that end do so within a second.
  transport.put(
    dispatchRecord({ id, startTimeMs: Date.now() - 1_000, durationMs: id % 2 === 0 ? null : 1_000 + (id % 900) }),
  );
  if (id % 3 === 0) transport.update(id - 2, { payload: { id } });
  if (id % 5 === 0) transport.delete(id - 4);
}, 2);
