import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';

/** A statechart as data: what every drawing of a machine begins with. */
export interface MachineChart {
  readonly id: string;
  /** Keys of the initial states. */
  readonly initial: readonly string[];
  /** The states in their order; before them the root, if something happens in every state. */
  readonly nodes: readonly ChartNode[];
  /** Transitions from one state to another, one arrow for all between the same two. */
  readonly arrows: readonly ChartArrow[];
}

/** A state with what it does by itself. */
export interface ChartNode {
  readonly key: string;
  /** Whether it stands for every state of the machine. */
  readonly isRoot: boolean;
  readonly isFinal: boolean;
  /** Actors that run in it, and what is done when it is entered and left. */
  readonly own: readonly ChartRow[];
  /** Transitions that do not leave it. */
  readonly inner: readonly ChartRow[];
}

/** The transitions between two states. */
export interface ChartArrow {
  readonly from: string;
  readonly to: string;
  readonly rows: readonly ChartRow[];
}

/** A trigger, what it depends on, and what it leads to. */
export interface ChartRow {
  /** Type of an event, `always`, `invoke`, `entry` or `exit`. */
  readonly trigger: string;
  /** Its guard, or `else` for the last branch of several; null: none. */
  readonly condition: { readonly kind: 'guard' | 'else'; readonly text: string } | null;
  /** Names of its actions, or of the actors. */
  readonly actions: readonly string[];
}

/**
 * Reads the statechart of a machine from the machine itself.
 *
 * @throws Error when a state has states of its own, which is not drawn.
 */
export function machineChart(machine: AnyStateMachine): MachineChart {
  const { root } = machine;
  const states: AnyStateNode[] = Object.values(root.states);
  const nested = states.find(node => Object.keys(node.states).length > 0);
  if (nested !== undefined) throw new Error(`${nested.id} has states of its own, which are not drawn`);
  const rootNode = nodeOf(root);
  const hasOwn = rootNode.own.length > 0 || transitionsOf(root).length > 0;
  const nodes = hasOwn ? [root, ...states] : states;
  return {
    id: root.key,
    initial: root.initial.target.map(({ key }) => key),
    nodes: nodes.map(nodeOf),
    arrows: nodes.flatMap(arrowsOf),
  };
}

function nodeOf(node: AnyStateNode): ChartNode {
  const own = {
    invoke: node.invoke.map(({ id }) => id),
    entry: node.entry.map(nameOf),
    exit: node.exit.map(nameOf),
  };
  return {
    key: node.key,
    isRoot: node.parent === undefined,
    isFinal: node.type === 'final',
    own: Object.entries(own)
      .filter(([, names]) => names.length > 0)
      .map(([trigger, actions]) => ({ trigger, condition: null, actions })),
    inner: transitionsOf(node)
      .filter(({ target }) => target === undefined)
      .map(rowOf),
  };
}

function arrowsOf(node: AnyStateNode): ChartArrow[] {
  const rows = new Map<string, ChartRow[]>();
  for (const transition of transitionsOf(node)) {
    for (const { key } of transition.target ?? []) rows.set(key, [...(rows.get(key) ?? []), rowOf(transition)]);
  }
  return [...rows].map(([to, of]) => ({ from: node.key, to, rows: of }));
}

function transitionsOf(node: AnyStateNode): AnyTransitionDefinition[] {
  return [...(node.always ?? []), ...[...node.transitions.values()].flat()];
}

function rowOf({ eventType, source, guard, actions }: AnyTransitionDefinition): ChartRow {
  const branches = transitionsOf(source).filter(other => other.eventType === eventType);
  return {
    trigger: eventType === '' ? 'always' : eventType,
    condition:
      guard !== undefined
        ? { kind: 'guard', text: nameOf(guard) }
        : branches.length > 1
          ? { kind: 'else', text: 'else' }
          : null,
    actions: actions.map(nameOf),
  };
}

function nameOf(implementation: unknown): string {
  if (typeof implementation === 'string') return implementation;
  const { type, params } = implementation as { type: string; params?: object };
  return params === undefined ? type : `${type}(${Object.values(params).join(', ')})`;
}
