// The console on dispatches in memory, which a test controls by `window.testConsole`.
import { sourceLogic } from '../../../machines/actors/sourceLogic.js';
import { timerLogic } from '../../../machines/actors/timerLogic.js';
import type { Clock } from '../../../machines/protocol/clock.js';
import type { AuditEntry } from '../../../src/client/audit.js';
import type { ConsoleActor } from '../../../src/console/machine/consoleMachine.js';
import { mountConsole } from '../../../src/console/page/mountConsole.js';
import type { MicrogridCalls, SessionPort } from '../../../src/console/session/sessionPort.js';
import { type MemoryTransport, memoryTransport } from '../../../src/testing/memoryTransport.js';
import type { TestSetup } from '../testSetup.js';
import { measureFrames } from './measureFrames.js';
import { type CallFaults, memoryCalls } from './memoryCalls.js';

/** What a test does to the page. */
interface TestConsole {
  readonly transports: ReadonlyMap<number, MemoryTransport>;
  readonly actor: ConsoleActor;
  /** How the calls fail. */
  readonly faults: CallFaults;
  /** Lets the wall clock jump. */
  step(ms: number): void;
  nowMs(): number;
  unmount(): void;
  /** Times of frames of the timeline, which moves, and of a bare canvas that fills as many rectangles of the same size, in milliseconds. */
  measureFrames(count: number): Promise<{ rectangles: number; timelineMs: number[]; bareMs: number[] }>;
}

declare global {
  interface Window {
    testSetup?: TestSetup;
    testConsole?: TestConsole;
  }
}

const setup: TestSetup = window.testSetup ?? { nowMs: Date.now(), dispatches: [] };
let offsetMs = setup.nowMs - Date.now();

const clock: Clock = {
  nowMs: () => Math.floor(Date.now() + offsetMs),
  monotonicMs: () => performance.now(),
  setTimer: (callback, delayMs) => {
    const handle = setTimeout(callback, delayMs);
    return () => clearTimeout(handle);
  },
  yield: callback => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      callback();
    };
    port2.postMessage(null);
    return () => port1.close();
  },
};

const microgridIds = [...new Set([1, ...setup.dispatches.map(({ microgridId }) => microgridId)])];
const transports = new Map(
  microgridIds.map(id => [id, memoryTransport(setup.dispatches.filter(({ microgridId }) => microgridId === id))]),
);
const transportOf = (microgridId: number) => {
  const transport = transports.get(microgridId);
  if (transport === undefined) throw new RangeError(`no microgrid has the id ${microgridId}`);
  return transport;
};

const port: SessionPort = {
  clock,
  signInFields: setup.asksKey
    ? [
        { name: 'key', label: 'Key', secret: false },
        { name: 'secret', label: 'Secret', secret: true, optional: true },
      ]
    : [],
  actors: {
    source: sourceLogic({
      transport: {
        list: options => transportOf(options.microgridId).list(options),
        watch: options => transportOf(options.microgridId).watch(options),
      },
      clock,
    }),
    timer: timerLogic({ clock }),
  },
  open: async ({ key }) => {
    if (setup.asksKey && key !== 'right') throw new Error('the key is not known');
    return {
      service: 'memory',
      keyName: null,
      microgrids: microgridIds,
      openFirst: [],
      mayWrite: true,
      mayReadAudit: setup.audit !== undefined,
      ...setup.facts,
    };
  },
  close: () => {},
  calls: microgridId => callsOf(microgridId),
};

const faults: CallFaults = { failure: null };
const lastId = Math.max(0, ...setup.dispatches.map(({ id }) => id));
const memories = new Map(
  [...transports].map(([id, transport]) => [id, memoryCalls(id, transport, () => clock.nowMs(), faults, lastId)]),
);

function callsOf(microgridId: number): MicrogridCalls {
  const memory = memories.get(microgridId);
  if (memory === undefined) throw new RangeError(`no microgrid has the id ${microgridId}`);
  return {
    ...memory,
    audit: async function* () {
      for (const [index, { atMs, before, after }] of (setup.audit ?? []).entries()) {
        const record = after ?? before;
        if (record?.microgridId !== microgridId) continue;
        yield {
          microgridId,
          seq: index + 1,
          time: new Date(atMs),
          keyName: null,
          method: 'UpdateMicrogridDispatch',
          requestId: null,
          note: null,
          dispatchId: record.id,
          before: before && { record: before },
          after: after && { record: after },
        } as unknown as AuditEntry;
      }
    },
  };
}

const element = document.getElementById('console');
if (element === null) throw new Error('the page has no place for the console');
const mounted = mountConsole(port, element);
window.testConsole = {
  transports,
  faults,
  actor: mounted.actor,
  step: ms => {
    offsetMs += ms;
  },
  nowMs: () => clock.nowMs(),
  unmount: mounted.unmount,
  measureFrames: count => measureFrames(mounted.actor, count),
};
