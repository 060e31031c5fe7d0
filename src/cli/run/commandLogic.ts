import { fromCallback, sendTo, setup } from 'xstate';
import type { DispatchInfo, ManagedActorEvent } from '../../../machines/manage/dispatchInfo.js';
import { leftOutNotice } from '../exec/leftOutNotice.js';
import { CommandFailed, type CommandOutcome } from './commandFailed.js';
import type { CommandOutput } from './commandOutput.js';
import { type CommandEnd, type CommandProcess, startCommand } from './commandProcess.js';
import type { LeftGroups } from './leftGroups.js';
import type { StartQueue } from './startQueue.js';

/** How `--run` runs its command. */
export interface RunOptions {
  readonly commandLine: string;
  readonly microgridId: number;
  /** Whether the command is run for dry runs as for others. */
  readonly dryRuns: boolean;
  /** Time between SIGTERM and SIGKILL at the end of a run, in milliseconds. */
  readonly graceMs: number;
  /** Wait before a command that failed is started again, in milliseconds; for what is said of it. */
  readonly retryMs: number;
  readonly groups: LeftGroups;
  readonly output: CommandOutput;
  readonly starts: StartQueue;
  /** Prints a line for people. */
  readonly say: (line: string) => void;
}

type CommandEvent = ManagedActorEvent | ({ readonly type: 'command.ended' } & CommandOutcome);

/**
 * Logic of a managed actor that is one process of the command of `--run`. It ends when the command exits with 0, and fails when it
 * exits otherwise without having been told to end.
 */
export function commandLogic(options: RunOptions) {
  return setup({
    types: {} as { input: DispatchInfo; context: { readonly info: DispatchInfo }; events: CommandEvent },
    actors: { command: commandActor(options) },
    actions: {
      fail: (_, outcome: CommandOutcome) => {
        throw new CommandFailed(outcome, options.retryMs);
      },
    },
    guards: { hasFailed: (_, { code }: CommandOutcome) => code !== 0 },
  }).createMachine({
    id: 'command',
    context: ({ input }) => ({ info: input }),
    invoke: { id: 'command', src: 'command', input: ({ context }) => context.info },
    initial: 'running',
    states: {
      running: {
        on: {
          'dispatch.reconfigured': { actions: sendTo('command', ({ event }) => event) },
          'dispatch.stopped': { target: 'ending' },
          'command.ended': [
            {
              guard: { type: 'hasFailed', params: ({ event }) => event },
              actions: { type: 'fail', params: ({ event }) => event },
            },
            { target: 'ended' },
          ],
        },
      },
      ending: {
        entry: sendTo('command', { type: 'dispatch.stopped' }),
        on: { 'command.ended': { target: 'ended' } },
      },
      ended: { type: 'final' },
    },
  });
}

/** The process itself. Stopping the actor ends it, as at the end of a run, or kills it if it was told to end before. */
function commandActor({ commandLine, microgridId, dryRuns, graceMs, groups, output, starts, say }: RunOptions) {
  const noticeLeftOut = leftOutNotice(say);
  return fromCallback<ManagedActorEvent, DispatchInfo>(({ input, receive, sendBack }) => {
    const isRun = !input.dryRun || dryRuns;
    if (!isRun) say(`dry run of dispatch ${input.dispatchId}: would run ${commandLine}`);
    let info = input;
    let isEnding = false;
    let process: CommandProcess | undefined;
    let cancelStart = () => false;
    const start = () => {
      process = startCommand({
        commandLine,
        env: environmentOf(info, microgridId),
        onLeftOut: variable => noticeLeftOut(info.dispatchId, variable),
        order: orderOf(info, microgridId),
        groups,
        output,
        graceMs,
        onLine: line => say(`[${info.dispatchId}] ${line}`),
        onEnd,
      });
    };
    const onEnd = (end: CommandEnd) => {
      process = undefined;
      if (end.group !== 'ended') {
        say(`problem: processes of the command of dispatch ${info.dispatchId} are left, because ${end.group}`);
      }
      // It has done its work, but for another order than the present one.
      if (end.code === 0 && end.isOrderLost && !isEnding) cancelStart = starts.add(start);
      else sendBack({ type: 'command.ended', ...end });
    };
    if (isRun) cancelStart = starts.add(start);
    receive(event => {
      if (event.type === 'dispatch.reconfigured') {
        info = event.info;
        process?.send(orderOf(info, microgridId));
        return;
      }
      isEnding = true;
      if (!isRun || cancelStart()) sendBack({ type: 'command.ended', code: 0, signal: null });
      else process?.end();
    });
    return () => {
      isEnding = true;
      cancelStart();
      process?.end();
    };
  });
}

/** What a command reads on its stdin. */
function orderOf(info: DispatchInfo, microgridId: number) {
  const { identity, dispatchId: id, dispatchIds: ids, type, selector, payload, dryRun, untilMs } = info;
  return { id, ids, microgridId, type, selector, payload, dryRun, untilMs, identity };
}

/** Variables of the environment of a command, as for `--exec`; of what was in force when it started. */
function environmentOf(info: DispatchInfo, microgridId: number): Record<string, string> {
  return {
    DISPATCH_ID: `${info.dispatchId}`,
    DISPATCH_TYPE: info.type,
    DISPATCH_MICROGRID_ID: `${microgridId}`,
    DISPATCH_DRY_RUN: `${info.dryRun}`,
    DISPATCH_SELECTOR: JSON.stringify(info.selector),
    DISPATCH_PAYLOAD: JSON.stringify(info.payload),
    DISPATCH_RUN_END_MS: info.untilMs === null ? '' : `${info.untilMs}`,
  };
}
