import { useId, useMemo, useState } from 'preact/hooks';
import type { AnyStateMachine } from 'xstate';
import { Button } from '../kit/Button.js';
import { Dialog } from '../kit/Dialog.js';
import { Scrolled } from '../kit/Scrolled.js';
import { chartText, layoutChart, type PlacedArrow, titleOf } from './layoutChart.js';
import { machineChart } from './machineChart.js';

/** A transition that a machine took. */
export interface LitTransition {
  readonly from: string;
  readonly to: string;
  readonly event: string;
}

/** Properties of a {@link StatechartView}. */
export interface StatechartViewProps {
  readonly machine: AnyStateMachine;
  /** Name for screen readers. */
  readonly label: string;
  /** Key of the state that is on; null: none. */
  readonly state: string | null;
  /** The transition that led to it; null: not known. */
  readonly last: LitTransition | null;
}

/** The statechart of a machine, drawn from the machine itself, with its state lit. */
export function StatechartView(props: StatechartViewProps) {
  const [isWhole, showWhole] = useState(false);
  return (
    <>
      <ChartPicture {...props} isShort />
      <p class="actions">
        <Button onPress={() => showWhole(true)}>Whole chart …</Button>
      </p>
      {isWhole && (
        <Dialog title={props.label} onClose={() => showWhole(false)}>
          <Scrolled label="Chart">
            <ChartPicture {...props} isShort={false} />
          </Scrolled>
        </Dialog>
      )}
    </>
  );
}

function ChartPicture({ machine, label, state, last, isShort }: StatechartViewProps & { readonly isShort: boolean }) {
  const chart = useMemo(() => layoutChart(machineChart(machine), isShort), [machine, isShort]);
  const markerId = useId();
  const { width, height, nodes, arrows, initial } = chart;
  const isLast = ({ from, to, rows }: PlacedArrow) =>
    last !== null && from === last.from && to === last.to && rows.some(({ trigger }) => trigger === last.event);
  return (
    <figure class={isShort ? 'statechart' : 'statechart whole'}>
      <svg
        viewBox={`0 0 ${width} ${height}`}
        width={width}
        height={height}
        role="img"
        aria-label={`${label}: ${state}`}
      >
        <defs>
          <marker id={markerId} viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
            <path d="M0 0 8 4 0 8Z" />
          </marker>
        </defs>
        {arrows.map(arrow => (
          <g key={`${arrow.from} ${arrow.to}`} class={isLast(arrow) ? 'arrow last' : 'arrow'}>
            <path d={pathOf(arrow.points)} marker-end={`url(#${markerId})`} />
            {arrow.lines.map(({ text, title }, index) => (
              <text
                key={title}
                x={arrow.x}
                y={arrow.y + (index - (arrow.lines.length - 1) / 2) * chartText.linePx}
                text-anchor="middle"
                dominant-baseline="middle"
              >
                <title>{title}</title>
                {text}
              </text>
            ))}
          </g>
        ))}
        {nodes.map(node => {
          const [left, top] = [node.x - node.width / 2, node.y - node.height / 2];
          const classes = ['node', node.key === state && 'lit', node.isRoot && 'root', node.isFinal && 'final'];
          return (
            <g key={node.key} class={classes.filter(Boolean).join(' ')}>
              <rect x={left} y={top} width={node.width} height={node.height} rx="5" />
              {node.isFinal && <rect x={left + 3} y={top + 3} width={node.width - 6} height={node.height - 6} rx="3" />}
              <text
                class="name"
                x={node.x}
                y={top + chartText.paddingPx + chartText.titlePx * 0.75}
                text-anchor="middle"
              >
                {initial.includes(node.key) ? `● ${titleOf(node)}` : titleOf(node)}
              </text>
              {node.lines.map(({ text, title }, index) => (
                <text
                  key={title}
                  x={left + chartText.paddingPx}
                  y={top + chartText.paddingPx + chartText.titlePx + (index + 0.8) * chartText.linePx}
                >
                  <title>{title}</title>
                  {text}
                </text>
              ))}
            </g>
          );
        })}
      </svg>
    </figure>
  );
}

/** A line through points, rounded at each. */
function pathOf(points: PlacedArrow['points']): string {
  const [first, ...others] = points;
  if (first === undefined) return '';
  const last = others.at(-1) ?? first;
  const curves = others.slice(0, -1).map(({ x, y }, index) => {
    const next = others[index + 1] ?? last;
    return `Q${x} ${y} ${(x + next.x) / 2} ${(y + next.y) / 2}`;
  });
  return `M${first.x} ${first.y}${curves.join('')}L${last.x} ${last.y}`;
}
