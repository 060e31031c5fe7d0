import { DispatchError } from '../../src/model/dispatchError.js';
import type { DispatchRecord } from '../../src/model/dispatchRecord.js';
import { firstViolation, isId, isObject, recordChecks, show } from '../protocol/recordCheck.js';
import type { DispatchChange, DispatchPage, DispatchWatch, StreamStart, Transport } from '../protocol/transport.js';

/**
 * A transport whose dispatches have the fields of a dispatch record: of those that have not, there is a problem, as of those that cannot be
 * decoded. A program may bring a transport of its own.
 */
export function checkedTransport(transport: Transport): Transport {
  const listByIds = transport.listByIds?.bind(transport);
  return {
    ...(listByIds && { listByIds: options => checkedPages(listByIds(options), options.microgridId) }),
    list: options => checkedPages(transport.list(options), options.microgridId),
    watch: options => checkedWatch(transport.watch(options), options),
    ...(transport.isGracefulEnd && { isGracefulEnd: transport.isGracefulEnd.bind(transport) }),
    ...(transport.connectedAnew && { connectedAnew: transport.connectedAnew.bind(transport) }),
  };
}

async function* checkedPages(pages: AsyncIterable<DispatchPage>, microgridId: number): AsyncGenerator<DispatchPage> {
  for await (const page of pages) {
    const invalid = page.dispatches.flatMap(dispatch => problemOf(dispatch, microgridId) ?? []);
    if (invalid.length === 0) yield page;
    else {
      const dispatches = page.dispatches.filter(dispatch => problemOf(dispatch, microgridId) === null);
      yield { dispatches, problems: [...page.problems, ...invalid] };
    }
  }
}

function checkedWatch(
  watch: DispatchWatch,
  { microgridId, resumeAfter }: Parameters<Transport['watch']>[0],
): DispatchWatch {
  return {
    opened: Promise.resolve<unknown>(watch.opened).then<StreamStart>(start =>
      checkedStart(start, resumeAfter !== undefined),
    ),
    async *[Symbol.asyncIterator]() {
      for await (const change of watch) yield checkedChange(change, microgridId);
    },
  };
}

/** Without a position to resume from, and without a number, nothing was resumed: then all dispatches must be listed. */
function checkedStart(start: unknown, isAsked: boolean): StreamStart {
  const { backlog, ...rest }: StreamStart = isObject(start) ? start : {};
  return isAsked && isId(backlog) ? { ...rest, backlog } : rest;
}

function checkedChange(change: DispatchChange, microgridId: number): DispatchChange {
  // It may be anything.
  const { kind, position, dispatch } = (isObject(change) ? change : {}) as Partial<Changed>;
  if (isObject(change) && change.kind === 'problem') return change;
  const problem = problemOf(dispatch, microgridId);
  if (problem === null) return change;
  const { dispatchId: deletedId } = problem;
  return { kind: 'problem', position, problem, ...(kind === 'deleted' && deletedId !== undefined && { deletedId }) };
}

type Changed = Extract<DispatchChange, { dispatch: DispatchRecord }>;

function problemOf(dispatch: unknown, microgridId: number): DispatchError | null {
  const violation = violationOf(dispatch, microgridId);
  if (violation === null) return null;
  const dispatchId = isObject(dispatch) && isId(dispatch.id) ? Number(dispatch.id) : undefined;
  const name = dispatchId === undefined ? 'a dispatch' : `dispatch ${dispatchId}`;
  return new DispatchError('UNDECODABLE', `${name} of the transport is invalid: ${violation}`, {
    microgridId,
    dispatchId,
  });
}

function violationOf(dispatch: unknown, microgridId: number): string | null {
  if (!isObject(dispatch)) return `it must be an object, not ${show(dispatch)}`;
  const wrong = firstViolation(dispatch, '', recordChecks);
  if (wrong !== null || dispatch.microgridId === microgridId) return wrong;
  return `microgridId must be ${microgridId}, not ${show(dispatch.microgridId)}`;
}
