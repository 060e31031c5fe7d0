/** The process of a benchmark's service: tells its address, makes as many updates as it is told, ends with its parent. */
import { setImmediate } from 'node:timers/promises';
import { silentLogger } from '../../src/logger.js';
import { serverTls } from '../../src/service/access/serverTls.js';
import { checkData, storedRow } from '../../src/service/domain/checkData.js';
import type { DispatchWrite } from '../../src/service/domain/dispatchStore.js';
import { updateWrite } from '../../src/service/domain/dispatchWrites.js';
import { openStore } from '../../src/service/store/openStore.js';
import { serveWeb } from '../support/serveWeb.js';
import type { ServiceOptions } from './benchService.js';
import { dispatchDataOf } from './dispatchData.js';
import { cpuMs } from './figures.js';

const MICROGRID_ID = 1;
/** Writes under way at the same time: so that they share transactions where there are some. */
const TOGETHER = 100;
const count = Number(process.argv[2]);
const { database = ':memory:', origins = [], tls } = JSON.parse(process.argv[3] ?? '{}') as ServiceOptions;
const nowS = Math.floor(Date.now() / 1000);
const store = await openStore(database);
await applyAll(count, index => creation(index + 1));
const certificates = tls === undefined ? null : await serverTls(tls, silentLogger);
const { port, webUrl, stop } = await serveWeb(
  store,
  { origins, tls: certificates },
  certificates === null ? {} : { access: { keys: null, credentials: certificates.credentials } },
);

process.on('message', async (updates: number | 'cpu') => {
  if (updates === 'cpu') return process.send?.({ cpuMs: cpuMs() });
  const startMs = performance.now();
  await applyAll(updates, index => update((index % count) + 1, index));
  process.send?.({ tookMs: performance.now() - startMs });
});
process.on('disconnect', async () => {
  await stop();
  await certificates?.stop();
  await store.close();
});
process.send?.({ port, webUrl });

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
      const data = checkData(dispatchDataOf(id, nowS), 'data', { nowS: null });
      return { kind: 'created', dispatch: storedRow({ id, createUs: atUs, updateUs: atUs }, data) };
    },
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
