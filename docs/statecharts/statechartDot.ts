import type { AnyStateMachine } from 'xstate';
import {
  type ChartArrow,
  type ChartNode,
  type ChartRow,
  machineChart,
} from '../../src/console/statechart/machineChart.js';

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
  const { id, initial, nodes, arrows } = machineChart(machine);
  const states = nodes.filter(({ isRoot }) => !isRoot);
  return [
    'digraph {',
    `graph [${look.graph} label=<${caption(id)}>]`,
    `node [${look.node}]`,
    `edge [${look.edge}]`,
    `"" [shape=circle style=filled fillcolor="${colors.name}" width=0.13 label=""]`,
    ...nodes.map(box),
    ...initial.map(key => `"" -> "${key}"`),
    ...(states.length < nodes.length ? [`{ rank=same; ""; ${states.map(({ key }) => `"${key}"`).join('; ')} }`] : []),
    ...arrows.map(arrow),
    '}',
    '',
  ].join('\n');
}

/** Which machine it is, and how to read it. */
function caption(id: string): string {
  const syntax = `${event('event')} ${text('[guard]', colors.guard)} / ${text('actions', colors.action)}`;
  const order = text('the first branch whose guard holds is taken', colors.note);
  return `${name(`${id}Machine`)}<br align="left"/>${syntax}   ${order}<br align="left"/>`;
}

function box({ key, isRoot, isFinal, own, inner }: ChartNode): string {
  const title = `<tr><td>${name(isRoot ? 'in every state' : key)}</td></tr>`;
  const form = [isFinal && 'peripheries=2', isRoot && 'style="rounded,dashed"'].filter(Boolean);
  return `"${key}" [label=${table([title, ...[...own, ...inner].map(rowText)])} ${form.join(' ')}]`;
}

function arrow({ from, to, rows }: ChartArrow): string {
  return `"${from}" -> "${to}" [label=${table(rows.map(rowText))}]`;
}

/** A trigger, with what it depends on, and what it leads to, in lines. */
function rowText({ trigger, condition, actions }: ChartRow): string {
  const plain = condition?.kind === 'guard' ? `[${condition.text}]` : condition?.text;
  const parts = [
    { plain: trigger, html: event(trigger) },
    ...(plain === undefined ? [] : [{ plain, html: text(plain, colors.guard) }]),
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

function table(rows: string[]): string {
  return `<<table border="0" cellspacing="0" cellpadding="1">${rows.join('')}</table>>`;
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
