import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';

const colors = {
  name: '#0f172a',
  event: '#1e3a8a',
  guard: '#b45309',
  action: '#166534',
  note: '#64748b',
  line: '#475569',
};

// Graphviz reckons with the widths of Helvetica, which Arial and Liberation Sans share.
const look = {
  graph: 'fontname=Helvetica fontsize=12 pad=0.12 nodesep=0.3 ranksep=0.35 labelloc=t labeljust=l rankdir=LR',
  node: `shape=box style="rounded,filled" fillcolor="#f8fafc" color="${colors.line}" penwidth=1.3 margin="0.1,0.07" fontname=Helvetica fontsize=12`,
  edge: `color="${colors.line}" penwidth=1.2 arrowsize=0.7 fontname=Helvetica fontsize=12`,
};

/** A line that would be longer goes on in another. */
const maxLineLength = 32;
const indent = '    ';

/**
 * The statechart of a machine in the language of Graphviz.
 *
 * A state is a box with what it does by itself: its actors, entry and exit, and the transitions that do not leave it. Its
 * other transitions are arrows, one for all between the same two. What holds in every state of the machine has such a box of
 * its own, beside the states.
 *
 * @throws Error when a state has states of its own, which it does not draw.
 */
export function statechartDot(machine: AnyStateMachine): string {
  const { root } = machine;
  const states: AnyStateNode[] = Object.values(root.states);
  const nested = states.find(node => Object.keys(node.states).length > 0);
  if (nested !== undefined) throw new Error(`${nested.id} has states of its own, which are not drawn`);
  const hasOwn = rows(root).length > 0 || transitionsOf(root).length > 0;
  const nodes = hasOwn ? [root, ...states] : states;
  const initial = root.initial.target.map(({ key }) => key);
  return [
    'digraph {',
    `graph [${look.graph} label=<${caption(root)}>]`,
    `node [${look.node}]`,
    `edge [${look.edge}]`,
    `"" [shape=circle style=filled fillcolor="${colors.name}" width=0.13 label=""]`,
    ...nodes.map(box),
    ...initial.map(key => `"" -> "${key}"`),
    ...(hasOwn ? [`{ rank=same; ""; ${states.map(({ key }) => `"${key}"`).join('; ')} }`] : []),
    ...nodes.flatMap(arrows),
    '}',
    '',
  ].join('\n');
}

/** Which machine it is, and how to read it. */
function caption({ key }: AnyStateNode): string {
  const syntax = `${event('event')} ${text('[guard]', colors.guard)} / ${text('actions', colors.action)}`;
  const order = text('the first branch whose guard holds is taken', colors.note);
  return `${name(`${key}Machine`)}<br align="left"/>${syntax}   ${order}<br align="left"/>`;
}

function box(node: AnyStateNode): string {
  const isRoot = node.parent === undefined;
  const title = `<tr><td>${name(isRoot ? 'in every state' : node.key)}</td></tr>`;
  const form = [node.type === 'final' && 'peripheries=2', isRoot && 'style="rounded,dashed"'].filter(Boolean);
  return `"${node.key}" [label=${table([title, ...rows(node)])} ${form.join(' ')}]`;
}

/** What a state does without leaving it. */
function rows(node: AnyStateNode): string[] {
  const own = {
    invoke: node.invoke.map(({ id }) => id),
    entry: node.entry.map(nameOf),
    exit: node.exit.map(nameOf),
  };
  return [
    ...Object.entries(own).flatMap(([trigger, names]) => (names.length === 0 ? [] : [row([trigger], names)])),
    ...transitionsOf(node)
      .filter(({ target }) => target === undefined)
      .map(transitionRow),
  ];
}

function arrows(node: AnyStateNode): string[] {
  const labels = new Map<string, string[]>();
  for (const transition of transitionsOf(node)) {
    for (const { key } of transition.target ?? []) {
      labels.set(key, [...(labels.get(key) ?? []), transitionRow(transition)]);
    }
  }
  return [...labels].map(([key, label]) => `"${node.key}" -> "${key}" [label=${table(label)}]`);
}

function transitionsOf(node: AnyStateNode): AnyTransitionDefinition[] {
  return [...(node.always ?? []), ...[...node.transitions.values()].flat()];
}

function transitionRow({ eventType, source, guard, actions }: AnyTransitionDefinition): string {
  const branches = transitionsOf(source).filter(other => other.eventType === eventType);
  const condition = guard !== undefined ? [`[${nameOf(guard)}]`] : branches.length > 1 ? ['else'] : [];
  return row([eventType === '' ? 'always' : eventType, ...condition], actions.map(nameOf));
}

/** A trigger, with what it depends on, and what it leads to, in lines. */
function row([trigger = '', ...condition]: string[], actions: string[]): string {
  const parts = [
    { plain: trigger, html: event(trigger) },
    ...condition.map(plain => ({ plain, html: text(plain, colors.guard) })),
    ...actions.map((action, i) => {
      const [before, after] = [i === 0 ? '/ ' : '', i < actions.length - 1 ? ',' : ''];
      return { plain: before + action + after, html: before + text(action, colors.action) + after };
    }),
  ];
  let html = '';
  let length = 0;
  for (const part of parts) {
    const fits = length + part.plain.length < maxLineLength;
    html += `${length === 0 ? '' : fits ? ' ' : `<br/>${indent}`}${part.html}`;
    length = part.plain.length + (fits || length === 0 ? length + 1 : indent.length);
  }
  return `<tr><td align="left" balign="left">${html}</td></tr>`;
}

function nameOf(implementation: unknown): string {
  if (typeof implementation === 'string') return implementation;
  const { type, params } = implementation as { type: string; params?: object };
  return params === undefined ? type : `${type}(${Object.values(params).join(', ')})`;
}

function table(rows_: string[]): string {
  return `<<table border="0" cellspacing="0" cellpadding="1">${rows_.join('')}</table>>`;
}

function name(value: string): string {
  return `<b><font point-size="15" color="${colors.name}">${value}</font></b>`;
}

function event(value: string): string {
  return `<b>${text(value, colors.event)}</b>`;
}

function text(value: string, color: string): string {
  const escaped = value.replace(/[&<>]/g, char => `&#${char.charCodeAt(0)};`);
  return `<font color="${color}">${escaped}</font>`;
}
