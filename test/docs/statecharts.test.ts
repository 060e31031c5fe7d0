import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createMachine } from 'xstate';
import { renderStatecharts } from '../../docs/statecharts/renderStatecharts.js';
import { statechartDot } from '../../docs/statecharts/statechartDot.js';
import { dispatchMachine } from '../../machines/dispatch/dispatchMachine.js';
import { dispatcherMachine } from '../../machines/dispatcher/dispatcherMachine.js';

const drawn = await renderStatecharts();

/** The texts of a picture. */
function textsOf(svg: string): string[] {
  return [...svg.matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map(([, text]) => text ?? '');
}

describe('the pictures of the statecharts', () => {
  it.each(drawn.map(({ file, svg }) => ({ name: basename(file.pathname), file, svg })))(
    '$name is what its machine is; else npm run statecharts draws it anew',
    ({ file, svg }) => {
      expect(readFileSync(file, 'utf8')).toBe(svg);
    },
  );

  it.each([dispatchMachine, dispatcherMachine])('has every state, event, guard, action and actor of $id', machine => {
    const svg = drawn.find(({ file }) => file.pathname.endsWith(`/${machine.id}Machine.svg`))?.svg ?? '';
    const texts = textsOf(svg);
    const { actions, guards } = machine.implementations;
    const { states, invoke } = machine.root;
    const events = [machine.root, ...Object.values(states)].flatMap(({ transitions }) => [...transitions.keys()]);
    expect(texts).toEqual(expect.arrayContaining([...Object.keys(states), ...events, ...invoke.map(({ id }) => id)]));
    expect(texts).toEqual(expect.arrayContaining(Object.keys(guards).map(guard => `[${guard}]`)));
    for (const action of Object.keys(actions)) {
      expect(texts.map(text => text.replace(/\(.*/, ''))).toContain(action);
    }
    const { target = [] } = machine.root.initial;
    expect(svg).toContain(`<title>&#45;&gt;${target.map(({ key }) => key).join()}</title>`);
  });

  it('draws one arrow for all transitions between two states, and one more border for the end', () => {
    const machine = createMachine({
      id: 'door',
      initial: 'open',
      states: {
        open: { on: { close: 'shut', slam: { target: 'shut', actions: 'bang' } } },
        shut: { on: { open: [{ guard: 'isLocked' }, { target: 'open' }] } },
        gone: { type: 'final' },
      },
    });
    const lines = statechartDot(machine).split('\n');
    expect(lines.filter(line => line.includes(' -> ')).map(line => line.split(' [')[0])).toEqual([
      '"" -> "open"',
      '"open" -> "shut"',
      '"shut" -> "open"',
    ]);
    expect(lines.filter(line => line.includes('peripheries'))).toHaveLength(1);
    expect(lines.find(line => line.startsWith('"shut" ['))).toContain('[isLocked]');
  });

  it('refuses a machine with states in states', () => {
    const machine = createMachine({
      id: 'door',
      initial: 'open',
      states: { open: { initial: 'a', states: { a: {} } } },
    });
    expect(() => statechartDot(machine)).toThrow('door.open has states of its own');
  });
});
