import { createServer } from 'node:net';
import { ServerCredentials } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/service/access/callLimits.js';
import { startDispatchService } from '../../src/service/index.js';
import { serviceMetrics } from '../../src/service/operation/serviceMetrics.js';
import { runService, type ServiceParts } from '../../src/service/runService.js';
import { memoryStore } from '../../src/service/store/memory/memoryStore.js';
import { keptLog } from '../support/keptLog.js';

/** Parts that can fail to open, in the order in which they are opened. */
const STEPS = ['access', 'metrics', 'store', 'feed', 'listening'] as const;
type Step = (typeof STEPS)[number];
/** Parts that can fail to close. The feed is closed by leaving the store. */
const CLOSED = ['access', 'metrics', 'store', 'feed'] as const;
type Closed = (typeof CLOSED)[number];

interface Faults {
  readonly opening?: Step;
  readonly closing?: readonly Closed[];
  /** Aborts the start while this part is opened. */
  readonly aborting?: Step;
}

/** Parts that record what is opened and closed. */
function recordedParts({ opening, closing = [], aborting }: Faults) {
  const opened: string[] = [];
  const closed: string[] = [];
  const { entries, logger } = keptLog();
  const start = new AbortController();
  const open = (step: Step) => {
    if (aborting === step) start.abort(new Error(`aborted in ${step}`));
    if (opening === step) throw new Error(`${step} does not open`);
    opened.push(step);
  };
  const close = (part: Closed) => {
    closed.push(part);
    if (closing.includes(part)) throw new Error(`${part} does not close`);
  };
  const parts: ServiceParts = {
    async openAccess() {
      open('access');
      const credentials = ServerCredentials.createInsecure();
      return { keys: null, credentials, tls: null, reload: async () => {}, close: async () => close('access') };
    },
    async openMetrics() {
      open('metrics');
      return { metrics: serviceMetrics(), close: async () => close('metrics') };
    },
    async openStore() {
      open('store');
      const store = memoryStore();
      return {
        ...store,
        onWake(listener) {
          open('feed');
          const leave = store.onWake(listener);
          return () => {
            leave();
            close('feed');
          };
        },
        async close() {
          await store.close();
          close('store');
        },
      };
    },
    // Nobody has this address.
    listen: opening === 'listening' ? '192.0.2.1:1' : '127.0.0.1:0',
    retention: { keepChangesMs: 60_000, keepAuditMs: 60_000 },
    limits: DEFAULT_LIMITS,
    connections: {},
    stopGraceMs: 5_000,
    drainMs: 0,
    logger,
    signal: start.signal,
  };
  return { parts, opened, closed, entries, start };
}

/** All subsets of some values. */
function subsets<Value>(values: readonly Value[]): Value[][] {
  return values.reduce<Value[][]>((all, value) => all.concat(all.map(some => [...some, value])), [[]]);
}

const openedBefore = (step: Step) => CLOSED.filter(part => STEPS.indexOf(part) < STEPS.indexOf(step));

describe('a start that fails', () => {
  const cases = STEPS.flatMap(opening => subsets(openedBefore(opening)).map(closing => [opening, closing] as const));

  it.each(cases)(
    'at %s closes what was opened in reverse order, whatever of it fails (%j)',
    async (opening, closing) => {
      const { parts, closed, entries } = recordedParts({ opening, closing });
      const reason = opening === 'listening' ? 'cannot listen on 192.0.2.1:1' : `${opening} does not open`;
      await expect(runService(parts)).rejects.toThrow(reason);
      expect(closed).toEqual(openedBefore(opening).reverse());
      const told = entries
        .filter(({ level }) => level === 'error')
        .map(({ fields }) => String((fields as { err?: unknown }).err));
      expect(told).toHaveLength(closing.length > 0 ? 1 : 0);
      for (const part of closing) expect(told[0]).toContain(`${part} does not close`);
    },
  );
});

it('a start that fails at the server over HTTP closes all the rest', async () => {
  const { parts, closed } = recordedParts({});
  const openWeb = () => Promise.reject(new Error('it does not open'));
  await expect(runService({ ...parts, openWeb })).rejects.toThrow('it does not open');
  expect(closed).toEqual([...CLOSED].reverse());
});

describe('a start that is given up', () => {
  it.each(STEPS.slice(0, 4))('while %s opens closes it and what was opened before', async aborting => {
    const { parts, opened, closed } = recordedParts({ aborting });
    await expect(runService(parts)).rejects.toThrow(`aborted in ${aborting}`);
    expect(closed).toEqual([...opened].filter(step => step !== 'listening').reverse());
    expect(opened.at(-1)).toBe(aborting === 'store' ? 'store' : aborting);
  });

  it('before it began opens nothing', async () => {
    const { parts, opened, start } = recordedParts({});
    start.abort(new Error('not today'));
    await expect(runService(parts)).rejects.toThrow('not today');
    expect(opened).toEqual([]);
    await expect(startDispatchService({ signal: AbortSignal.abort(new Error('not today')) })).rejects.toThrow(
      'not today',
    );
  });

  it('after the service listens has no effect', async () => {
    const { parts, closed, start } = recordedParts({});
    const service = await runService(parts);
    start.abort();
    expect(closed).toEqual([]);
    await service.stop();
  });
});

describe('a stop', () => {
  it.each(subsets([...CLOSED]))(
    'closes everything in reverse order and names what fails (%s %s %s %s)',
    async (...failing) => {
      const closing = failing.filter(part => part !== undefined);
      const { parts, closed } = recordedParts({ closing });
      const service = await runService(parts);
      const stops = [service.stop(), service.stop({ now: true })];
      const results = await Promise.allSettled([...stops, ...stops.map(() => service.stop())]);
      expect(closed).toEqual([...CLOSED].reverse());
      for (const result of results) {
        expect(result.status).toBe(closing.length === 0 ? 'fulfilled' : 'rejected');
        if (result.status !== 'rejected') continue;
        expect(result.reason).toMatchObject({ code: 'UNKNOWN' });
        for (const part of CLOSED) {
          const named = String(result.reason).includes(`${part} does not close`);
          expect(named).toBe(closing.includes(part));
        }
      }
      // The port is free again.
      const other = createServer();
      await new Promise<void>((resolve, reject) =>
        other.once('error', reject).listen(service.port, '127.0.0.1', resolve),
      );
      other.close();
    },
  );
});
