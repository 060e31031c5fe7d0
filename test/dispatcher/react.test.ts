import { createActorContext, useActorRef } from '@xstate/react';
import { Window } from 'happy-dom';
import { Activity, act, createElement, type ReactNode, StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type AnyActorRef, createActor, setup } from 'xstate';
import { dispatcherMachine } from '../../machines/dispatcher/dispatcherMachine.js';
import type { DispatcherOutput } from '../../machines/protocol/dispatcherOutput.js';
import type { DispatcherStore } from '../../machines/protocol/dispatcherStore.js';
import { dispatcherActors } from '../../src/dispatcher/dispatcherActors.js';
import { memoryTransport } from '../../src/testing/memoryTransport.js';
import { simulatedClock } from '../../src/testing/simulatedClock.js';
import { dispatchRecord, hourMs } from '../support/dispatchRecord.js';
import { storeInMemory } from '../support/storeInMemory.js';
import { at, show } from '../support/time.js';

const globals = globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean; window?: unknown; document?: unknown };
let page: Window;

beforeAll(() => {
  page = new Window();
  Object.assign(globals, { IS_REACT_ACT_ENVIRONMENT: true, window: page, document: page.document });
});

afterAll(async () => {
  for (const name of ['IS_REACT_ACT_ENVIRONMENT', 'window', 'document'] as const) delete globals[name];
  await page.happyDOM.close();
});

/** Dispatch 1 runs from 10:00 to 10:30; 2 runs since 08:50, without end. */
const dispatches = [dispatchRecord(), dispatchRecord({ id: 2, startTimeMs: at('08:50'), durationMs: null })];

/** A plant that invokes a dispatcher, and what it is told of runs and problems. */
function world(store?: DispatcherStore) {
  const clock = simulatedClock(at('09:00'));
  const transport = memoryTransport(dispatches);
  const said: string[] = [];
  const plant = () =>
    setup({
      types: { events: {} as DispatcherOutput },
      actors: { dispatcher: dispatcherMachine.provide({ actors: dispatcherActors({ transport, clock, store }) }) },
    }).createMachine({
      invoke: { id: 'dispatcher', src: 'dispatcher', input: { microgridId: 1 } },
      on: {
        'running.*': {
          actions: ({ event }) => said.push(`${event.dispatch.id} ${event.type.slice(8)} ${show(event.atMs)}`),
        },
        'dispatcher.problem': { actions: ({ event }) => said.push(event.problem.message) },
      },
    });
  const take = async (step: Promise<void> = clock.settle()) => {
    await act(() => step);
    return said.splice(0);
  };
  const expectReleased = () => {
    expect({ timers: clock.pendingTimers, streams: transport.openStreams }).toEqual({ timers: 0, streams: 0 });
  };
  return { clock, transport, plant, take, expectReleased };
}

/** Renders into a page of its own; returns how to render something else, and how to take it off. */
async function render(node: ReactNode) {
  const root = createRoot(page.document.body.appendChild(page.document.createElement('div')) as never);
  const show = (next: ReactNode) => act(async () => root.render(next));
  const unmount = () => act(async () => root.unmount());
  onTestFinished(unmount);
  await show(node);
  return { show, unmount };
}

describe('a plant in a React program', () => {
  function componentOf(plant: ReturnType<ReturnType<typeof world>['plant']>) {
    const actors = new Set<AnyActorRef>();
    const Plant = () => {
      actors.add(useActorRef(plant));
      return null;
    };
    return { Plant, actors };
  }

  it('is told of each run once in strict mode, which starts it twice, and leaves nothing', async () => {
    const { clock, transport, plant, take, expectReleased } = world();
    const { Plant } = componentOf(plant());
    const { unmount } = await render(createElement(StrictMode, null, createElement(Plant)));
    expect(await take()).toEqual(['2 started 09:00']);
    expect(transport.openStreams).toBe(1);
    expect(await take(clock.advanceTo(at('10:30')))).toEqual(['1 started 10:00', '1 stopped 10:30']);
    await unmount();
    expectReleased();
  });

  it('keeps its store in strict mode: opened, written and closed', async () => {
    const log: string[] = [];
    const kept = storeInMemory();
    let open = 0;
    const store: DispatcherStore = {
      ...kept,
      open: of => {
        open += 1;
        log.push(`open ${open}`);
        return kept.open(of);
      },
      close: of => {
        open -= 1;
        log.push(`close ${open}`);
        return kept.close(of);
      },
    };
    const { clock, plant, take, expectReleased } = world(store);
    const { Plant } = componentOf(plant());
    const { unmount } = await render(createElement(StrictMode, null, createElement(Plant)));
    expect(await take(clock.advanceBy(5_000))).toEqual(['2 started 09:00']);
    await unmount();
    await clock.settle();
    expectReleased();
    // The one that was stopped at once did not come to opening it.
    expect(log).toEqual(['open 1', 'close 0']);
    const ids: number[] = [];
    for await (const page of kept.load({ microgridId: 1 }))
      ids.push(...page.dispatches.map(of => of.context.dispatch.id));
    expect(ids).toEqual([1, 2]);
  });

  it.each([
    ['while it runs', 0, ['2 resumed 09:00'], ['1 started 10:00', '1 stopped 10:30']],
    ['over a start', 1.25 * hourMs, ['1 started 10:00', '2 resumed 10:15'], ['1 stopped 10:30']],
  ])('goes on when it is shown again after it was hidden %s', async (_, hiddenMs, expected, then) => {
    const { clock, transport, plant, take, expectReleased } = world();
    const { Plant } = componentOf(plant());
    const within = (mode: 'visible' | 'hidden') => createElement(Activity, { mode, children: createElement(Plant) });
    const { show, unmount } = await render(within('visible'));
    expect(await take()).toEqual(['2 started 09:00']);
    await show(within('hidden'));
    expectReleased();
    await take(clock.advanceBy(hiddenMs));
    await show(within('visible'));
    expect((await take()).sort()).toEqual(expected);
    expect(transport.openStreams).toBe(1);
    expect(await take(clock.advanceTo(at('10:30')))).toEqual(then);
    await unmount();
    expectReleased();
  });

  it('goes on when its code was replaced while it runs', async () => {
    const { clock, transport, plant, take, expectReleased } = world();
    const Plant = ({ logic }: { logic: ReturnType<typeof plant> }) => {
      useActorRef(logic);
      return null;
    };
    const { show, unmount } = await render(createElement(Plant, { logic: plant() }));
    expect(await take()).toEqual(['2 started 09:00']);
    await show(createElement(Plant, { logic: plant() }));
    expect(await take()).toEqual(['2 resumed 09:00']);
    expect(transport.openStreams).toBe(1);
    expect(await take(clock.advanceTo(at('10:00')))).toEqual(['1 started 10:00']);
    await unmount();
    expectReleased();
  });

  it('shows what its pool holds, also after it was started anew', async () => {
    const { clock, plant, take } = world();
    const Context = createActorContext(plant());
    const seen: (number | undefined)[] = [];
    const Count = () => {
      const dispatcher: AnyActorRef | undefined = Context.useSelector(({ children }) => children.dispatcher);
      seen.push(dispatcher?.getSnapshot().children.pool?.getSnapshot().context.runningCount);
      return null;
    };
    const within = (mode: 'visible' | 'hidden') =>
      createElement(Activity, { mode, children: createElement(Context.Provider, null, createElement(Count)) });
    const { show } = await render(within('visible'));
    await take();
    await show(within('hidden'));
    await show(within('visible'));
    await take(clock.advanceTo(at('10:00')));
    await show(within('visible'));
    expect(seen.at(-1)).toBe(2);
  });
});

describe('a root actor that is stopped and given its snapshots again', () => {
  /** What `@xstate/react` does with a root actor, on the actors' own fields. */
  function stopWithRehydration(root: AnyActorRef): void {
    const saved: [AnyActorRef, unknown][] = [];
    const visit = (ref: AnyActorRef) => {
      saved.push([ref, ref.getSnapshot()]);
      Object.assign(ref, { observers: new Set() });
      for (const child of Object.values<AnyActorRef>(ref.getSnapshot().children ?? {})) visit(child);
    };
    visit(root);
    (root as unknown as { stop(): void }).stop();
    for (const [ref, snapshot] of saved) Object.assign(ref, { _processingStatus: 0, _snapshot: snapshot });
  }

  it.each(['at once', 'when it is live', 'for the third time'])('goes on when it is started again %s', async when => {
    const { clock, transport, plant, take, expectReleased } = world();
    const actor = createActor(plant()).start();
    if (when !== 'at once') expect(await take()).toEqual(['2 started 09:00']);
    for (let i = 0; i < (when === 'for the third time' ? 3 : 1); i++) {
      stopWithRehydration(actor);
      actor.start();
      expect(await take()).toEqual([when === 'at once' ? '2 started 09:00' : '2 resumed 09:00']);
    }
    expect(transport.openStreams).toBe(1);
    expect(await take(clock.advanceTo(at('10:30')))).toEqual(['1 started 10:00', '1 stopped 10:30']);
    actor.stop();
    expectReleased();
  });
});
