// How do I test my program on every path through the life of a dispatch?
import { describe, expect, it } from 'vitest';
import { createTestModel } from 'xstate/graph';
import { Dispatcher } from 'xstate-dispatch';
import { dispatchModel, dispatchModelRunner } from 'xstate-dispatch/testing';
import { Charger } from './charger.js';

const dispatch = { type: 'CHARGE', payload: { kw: 5 } };
const reconfigured = { payload: { kw: 11 } };

describe('the charger', () => {
  for (const path of createTestModel(dispatchModel).getShortestPaths()) {
    it(path.description, async () => {
      const runner = dispatchModelRunner({ dispatch, reconfigured });
      await using dispatcher = new Dispatcher({ microgridId: 1, transport: runner.transport, clock: runner.clock });
      const charger = new Charger(dispatcher);
      await dispatcher.start();
      const running = () => expect(charger.kw).toBe(runner.dispatch?.payload.kw);
      await path.test({ events: runner.events, states: { running, '*': () => expect(charger.kw).toBe(0) } });
    });
  }
});
