import { sourceLogic } from '../../machines/actors/sourceLogic.js';
import { timerLogic } from '../../machines/actors/timerLogic.js';
import type { Transport } from '../../machines/protocol/transport.js';
import type { AuditEntry } from '../../src/client/audit.js';
import type { MicrogridCalls, SessionFacts, SessionPort } from '../../src/console/session/sessionPort.js';
import { DispatchError } from '../../src/model/dispatchError.js';
import { memoryTransport } from '../../src/testing/memoryTransport.js';
import { type SimulatedClock, simulatedClock } from '../../src/testing/simulatedClock.js';
import { monday10Ms } from '../support/dispatchRecord.js';

/** A session port on dispatches in memory and a simulated clock. */
export interface MemorySession extends SessionPort {
  readonly clock: SimulatedClock;
  readonly transport: ReturnType<typeof memoryTransport>;
  /** Entries of the audit. */
  readonly audit: AuditEntry[];
  /** Whether a session is open. */
  readonly isOpen: boolean;
}

/** Creates a session port with a service in memory; the key is `right`. */
export function memorySession(facts: Partial<SessionFacts> = {}): MemorySession {
  const clock = simulatedClock(monday10Ms);
  const transport = memoryTransport();
  const audit: AuditEntry[] = [];
  let isOpen = false;
  const perMicrogrid: Transport = {
    list: options => transport.list(options),
    watch: options => transport.watch(options),
  };
  return {
    clock,
    transport,
    audit,
    get isOpen() {
      return isOpen;
    },
    signInFields: [{ name: 'key', label: 'Key', secret: false }],
    actors: { source: sourceLogic({ transport: perMicrogrid, clock }), timer: timerLogic({ clock }) },
    open: async ({ key }) => {
      if (key !== 'right') throw new DispatchError('UNAUTHENTICATED', 'the key is not known');
      isOpen = true;
      return {
        service: 'memory',
        keyName: 'test',
        microgrids: [1],
        openFirst: [],
        mayWrite: true,
        mayReadAudit: true,
        ...facts,
      };
    },
    close: () => {
      isOpen = false;
    },
    calls: () =>
      ({
        audit: async function* () {
          yield* audit;
        },
      }) as unknown as MicrogridCalls,
  };
}
