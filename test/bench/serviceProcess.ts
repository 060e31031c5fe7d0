/** The process of a benchmark's service: tells its address, makes as many updates as it is told, ends with its parent. */
import { setImmediate } from 'node:timers/promises';
import { RecurrenceRule_Frequency, RecurrenceRule_Weekday } from '../../proto/gen/frequenz/api/dispatch/v1/dispatch.js';
import { checkData, storedRow } from '../../src/service/domain/checkData.js';
import type { DispatchWrite } from '../../src/service/domain/dispatchStore.js';
import { updateWrite } from '../../src/service/domain/dispatchWrites.js';
import { openStore } from '../../src/service/store/openStore.js';
import { serveStore } from '../support/serveStore.js';
import { cpuMs } from './figures.js';

const MICROGRID_ID = 1;
/** Writes under way at the same time: so that they share transactions where there are some. */
const TOGETHER = 100;
const HOUR_S = 3_600;
const DAY_S = 24 * HOUR_S;

const rule = {
  freq: RecurrenceRule_Frequency.DAILY,
  interval: 1,
  endCriteria: undefined,
  byminutes: [],
  byhours: [],
  byweekdays: [RecurrenceRule_Weekday.MONDAY, RecurrenceRule_Weekday.FRIDAY],
  bymonthdays: [],
  bymonths: [],
};

const count = Number(process.argv[2]);
const database = process.argv[3] ?? ':memory:';
const nowS = Math.floor(Date.now() / 1000);
const store = await openStore(database);
await applyAll(count, index => creation(index + 1));
const { port, stop } = await serveStore(store);

process.on('message', async (updates: number | 'cpu') => {
  if (updates === 'cpu') return process.send?.({ cpuMs: cpuMs() });
  const startMs = performance.now();
  await applyAll(updates, index => update((index % count) + 1, index));
  process.send?.({ tookMs: performance.now() - startMs });
});
process.on('disconnect', async () => {
  await stop();
  await store.close();
});
process.send?.({ port });

async function applyAll(writes: number, write: (index: number) => DispatchWrite): Promise<void> {
  for (let from = 0; from < writes; from += TOGETHER) {
    const length = Math.min(TOGETHER, writes - from);
    await Promise.all(Array.from({ length }, (_, i) => store.apply(MICROGRID_ID, write(from + i))));
    // A service turns its event loop between calls.
    await setImmediate();
  }
}

/** A new dispatch, which may be one that began already. */
function creation(id: number): DispatchWrite {
  return {
    id: null,
    decide: (_, { atUs }) => {
      const data = checkData(dataOf(id), 'data', { nowS: null });
      return { kind: 'created', dispatch: storedRow({ id, createUs: atUs, updateUs: atUs }, data) };
    },
  };
}

function dataOf(id: number) {
  // What runs now began half an hour ago; the rest comes in the next thirty days, the first in an hour.
  const startS = nowS + (id % 10 === 0 ? -HOUR_S / 2 : HOUR_S + ((id * 7_919) % (30 * DAY_S)));
  return {
    type: id % 3 === 0 ? 'DISCHARGE' : 'CHARGE',
    startTime: { seconds: BigInt(startS), nanos: 0 },
    duration: HOUR_S,
    target: { components: { $case: 'componentIds' as const, value: { ids: [BigInt((id % 50) + 1)] } } },
    isActive: true,
    isDryRun: false,
    payload: { power_kw: id / 10, mode: 'peak-shaving' },
    recurrence: id % 4 === 0 ? rule : undefined,
  };
}

function update(id: number, n: number): DispatchWrite {
  return updateWrite(MICROGRID_ID, id, {
    microgridId: BigInt(MICROGRID_ID),
    dispatchId: BigInt(id),
    updateMask: ['payload'],
    update: {
      startTime: undefined,
      duration: undefined,
      target: undefined,
      isActive: undefined,
      payload: { power_kw: n, mode: 'peak-shaving' },
      recurrence: undefined,
    },
  });
}
