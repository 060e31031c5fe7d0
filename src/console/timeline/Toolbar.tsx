import { ExportMenu } from '../export/ExportMenu.js';
import { Button } from '../kit/Button.js';
import { Choice } from '../kit/Choice.js';
import { useSelected } from '../kit/useSelected.js';
import { mayWrite } from '../machine/consoleContext.js';
import type { ConsoleProps } from '../page/Console.js';
import { focusOpenMicrogrid } from '../page/OpenMicrogrid.js';
import { openForm } from '../plan/view/mayLeaveForm.js';
import type { LaneKind, MergeName, ViewChoices } from '../view/viewState.js';

const hourMs = 3_600_000;
const spans = [
  ['1 h', hourMs],
  ['6 h', 6 * hourMs],
  ['day', 24 * hourMs],
  ['week', 7 * 24 * hourMs],
  ['month', 30 * 24 * hourMs],
  ['year', 365 * 24 * hourMs],
] as const;

const laneOptions: readonly (readonly [LaneKind, string])[] = [
  ['type', 'type'],
  ['component', 'component'],
  ['dispatch', 'dispatch'],
];

const mergeOptions: readonly (readonly [MergeName, string])[] = [
  ['none', 'nothing'],
  ['type', 'type'],
  ['type-and-selector', 'type and components'],
];

/** What the timeline shows, and how. */
export function Toolbar({ actor, port }: ConsoleProps) {
  const view = useSelected(actor, ({ context }) => context.view);
  const mayPlan = useSelected(actor, ({ context }) => mayWrite(context));
  const isOpen = useSelected(actor, ({ context }) => context.shownId !== null);
  const choose = (choices: ViewChoices) => actor.send({ type: 'view.chosen', choices });
  const spanMs = view.toMs - view.fromMs;
  return (
    <div class="bar toolbar" role="toolbar" aria-label="Timeline">
      {mayPlan && (
        <Button kind="primary" onPress={isOpen ? () => openForm(actor, { kind: 'create' }) : focusOpenMicrogrid}>
          New dispatch …
        </Button>
      )}
      <span class="group">
        {spans.map(([title, ms]) => (
          <Button
            key={title}
            name={`Show ${title === '1 h' || title === '6 h' ? title : `a ${title}`}`}
            pressed={Math.abs(spanMs - ms) < ms / 100}
            onPress={() => actor.send({ type: 'view.zoomed', factor: ms / spanMs, aroundMs: null })}
          >
            {title}
          </Button>
        ))}
      </span>
      <span class="group">
        <Button name="Earlier" onPress={() => actor.send({ type: 'view.panned', byMs: -spanMs / 4 })}>
          ‹
        </Button>
        <Button
          name="Now: follow the present"
          pressed={view.follows}
          onPress={() => actor.send({ type: 'view.followed' })}
        >
          Now
        </Button>
        <Button name="Later" onPress={() => actor.send({ type: 'view.panned', byMs: spanMs / 4 })}>
          ›
        </Button>
        <Button name="Zoom out" onPress={() => actor.send({ type: 'view.zoomed', factor: 2, aroundMs: null })}>
          −
        </Button>
        <Button name="Zoom in" onPress={() => actor.send({ type: 'view.zoomed', factor: 0.5, aroundMs: null })}>
          +
        </Button>
      </span>
      <Choice label="Lanes by" value={view.lanes} options={laneOptions} onChoose={lanes => choose({ lanes })} />
      <Choice label="Merge by" value={view.merge} options={mergeOptions} onChoose={merge => choose({ merge })} />
      <input
        type="search"
        aria-label="Filter by type, components or #id"
        placeholder="Filter"
        value={view.filter}
        onInput={event => choose({ filter: event.currentTarget.value })}
      />
      <span class="group">
        <Button pressed={view.showsDryRuns} onPress={() => choose({ showsDryRuns: !view.showsDryRuns })}>
          Dry runs
        </Button>
        <Button pressed={view.showsInactive} onPress={() => choose({ showsInactive: !view.showsInactive })}>
          Inactive
        </Button>
        <Button name="Table: show as text" pressed={view.asTable} onPress={() => choose({ asTable: !view.asTable })}>
          Table
        </Button>
      </span>
      <ExportMenu actor={actor} port={port} />
    </div>
  );
}
