import { Graph, layout } from '@dagrejs/dagre';
import type { ChartArrow, ChartNode, ChartRow, MachineChart } from './machineChart.js';

/** Sizes of the text of a chart, in its own pixels. */
export const chartText = { titlePx: 15, linePx: 13, characterPx: 6, paddingPx: 6 };

/** Space between the states, in pixels of the chart. */
const gaps = { nodesep: 14, ranksep: 22, edgesep: 8, marginx: 6, marginy: 6 };

/** A line of text in a chart. */
export interface ChartLine {
  readonly text: string;
  /** All of it, with the actions. */
  readonly title: string;
  /** Type of the event that it begins with. */
  readonly trigger: string;
}

/** A state in its place; `x` and `y` are of its middle. */
export interface PlacedNode extends ChartNode {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly lines: readonly ChartLine[];
}

/** An arrow in its place; `x` and `y` are of the middle of its text. */
export interface PlacedArrow extends ChartArrow {
  readonly points: readonly { readonly x: number; readonly y: number }[];
  readonly x: number;
  readonly y: number;
  readonly lines: readonly ChartLine[];
}

/** A chart with the places of all that is in it. */
export interface PlacedChart {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly PlacedNode[];
  readonly arrows: readonly PlacedArrow[];
  /** The key of the state that the machine begins in. */
  readonly initial: readonly string[];
}

/**
 * Finds a place for each state, arrow and text of a chart, so that none lies on another.
 *
 * @param isShort Whether only the names of states and events are shown, so that it fits beside other things.
 */
export function layoutChart({ nodes, arrows, initial }: MachineChart, isShort: boolean): PlacedChart {
  const graph = new Graph({ multigraph: true });
  // What can happen in every state leads to each of them: they are below each other.
  const hasRoot = nodes.some(({ isRoot, key }) => isRoot && arrows.some(({ from }) => from === key));
  graph.setGraph({ rankdir: hasRoot ? 'LR' : 'TB', ...gaps });
  const linesFor = (rows: readonly ChartRow[]) => (isShort ? shortLines(rows) : rows.map(lineOf));
  const linesOf = new Map<object, ChartLine[]>();
  // What the root does by itself, such as passing events on, says nothing of a state.
  const shown = nodes.filter(({ isRoot, key }) => !isRoot || arrows.some(({ from }) => from === key));
  for (const node of shown) {
    const lines = node.isRoot || isShort ? [] : linesFor([...node.own, ...node.inner]);
    linesOf.set(node, lines);
    const width = widthOf([titleOf(node), ...lines.map(({ text }) => text)], titleOf(node).length * 1.8);
    const height = chartText.titlePx + lines.length * chartText.linePx + 2 * chartText.paddingPx;
    graph.setNode(node.key, { width, height });
  }
  for (const [index, arrow] of arrows.entries()) {
    const lines = linesFor(arrow.rows);
    linesOf.set(arrow, lines);
    const size = { width: widthOf(lines.map(({ text }) => text)), height: lines.length * chartText.linePx + 4 };
    graph.setEdge(arrow.from, arrow.to, { ...size, labelpos: 'c' }, String(index));
  }
  layout(graph);
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  return {
    width,
    height,
    initial,
    nodes: shown.map(node => ({ ...node, ...placeOf(graph.node(node.key)), lines: linesOf.get(node) ?? [] })),
    arrows: arrows.map((arrow, index) => {
      const edge = graph.edge(arrow.from, arrow.to, String(index)) as unknown as PlacedArrow;
      return { ...arrow, points: edge.points, x: edge.x, y: edge.y, lines: linesOf.get(arrow) ?? [] };
    }),
  };
}

/** The name of a state. */
export function titleOf({ key, isRoot }: ChartNode): string {
  return isRoot ? 'in every state' : key;
}

function lineOf({ trigger, condition, actions }: ChartRow): ChartLine {
  const when = condition === null ? '' : condition.kind === 'guard' ? ` [${condition.text}]` : ' else';
  const isOwn = ['invoke', 'entry', 'exit'].includes(trigger);
  const doing = actions.length === 0 ? '' : ` / ${actions.join(', ')}`;
  return { text: isOwn ? `${trigger}${doing}` : `${trigger}${when}`, title: `${trigger}${when}${doing}`, trigger };
}

/** A line for each event, whatever it depends on. */
function shortLines(rows: readonly ChartRow[]): ChartLine[] {
  return [...new Set(rows.map(({ trigger }) => trigger))].map(trigger => {
    const titles = rows.filter(row => row.trigger === trigger).map(row => lineOf(row).title);
    return { text: trigger, title: titles.join('\n'), trigger };
  });
}

function widthOf(texts: readonly string[], least = 0): number {
  const longest = Math.max(least, ...texts.map(({ length }) => length));
  return longest * chartText.characterPx + 2 * chartText.paddingPx;
}

function placeOf({ x, y, width, height }: { x?: number; y?: number; width?: number; height?: number }) {
  return { x: x ?? 0, y: y ?? 0, width: width ?? 0, height: height ?? 0 };
}
