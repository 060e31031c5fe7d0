import type { ChildProcess } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import { signalProcessGroup, startProcessGroup } from '../exec/processGroup.js';
import type { CommandOutcome } from './commandFailed.js';
import type { CommandOutput } from './commandOutput.js';
import type { GroupEnd } from './endProcessGroup.js';
import type { LeftGroups } from './leftGroups.js';

/** What a command is run for. */
export interface CommandOptions {
  readonly commandLine: string;
  /** Variables of its environment beside those of this process. */
  readonly env: Readonly<Record<string, string>>;
  /** Told which of them it lacks, because they do not fit. */
  readonly onLeftOut: (variable: string) => void;
  /** First line on its stdin, JSON. */
  readonly order: object;
  readonly groups: LeftGroups;
  readonly output: CommandOutput;
  /** Time between SIGTERM and SIGKILL, in milliseconds. */
  readonly graceMs: number;
  /** Called for each line that it prints on stdout or stderr. */
  readonly onLine: (line: string) => void;
  /** Called once, when it and all processes that it started have ended, or cannot be ended. Not before {@link startCommand} returns. */
  readonly onEnd: (end: CommandEnd) => void;
}

/** How a command ended. */
export interface CommandEnd extends CommandOutcome {
  /** What became of the processes that it started, and of itself. */
  readonly group: GroupEnd;
  /** Whether a later order was sent which it cannot have read, because it had ended or closed its stdin. */
  readonly isOrderLost: boolean;
}

/** A command that runs. */
export interface CommandProcess {
  /** Writes a line of JSON on its stdin. */
  send(order: object): void;
  /** Ends it: closes its stdin and sends SIGTERM to its group, and SIGKILL after the grace. At the second call: SIGKILL. */
  end(): void;
}

/**
 * The shell that runs the command line, which is its first argument. It waits for a line on file descriptor 3, so that nothing runs
 * before its process group is noted; if this process dies first, it ends.
 */
const GATE = 'read -r go <&3 && exec 3<&- && eval "$DISPATCH_COMMAND_LINE"';

/** Maximum time to read the rest of what a command printed, in milliseconds: a process outside its group may hold its stdout. */
const REST_MS = 500;

const notStarted: CommandProcess = { send() {}, end() {} };

/** Starts a command in a process group of its own. */
export function startCommand(options: CommandOptions): CommandProcess {
  const { commandLine, env, onLeftOut, order, groups, output, graceMs, onLine, onEnd } = options;
  const fail = (error: Error) => onEnd({ code: null, signal: null, error, group: 'ended', isOrderLost: false });
  let child: ChildProcess;
  try {
    child = startProcessGroup(GATE, {
      required: { DISPATCH_COMMAND_LINE: commandLine },
      variables: env,
      onLeftOut,
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    });
  } catch (error) {
    // Such as an environment that is too large.
    setImmediate(fail, error as Error);
    return notStarted;
  }
  const { pid } = child;
  if (pid === undefined) {
    child.once('error', fail);
    return notStarted;
  }
  // Such as a signal that could not be sent.
  child.on('error', () => {});
  // A command that does not read its stdin closes it.
  child.stdin?.on('error', () => {});
  const exited = new Promise<Pick<CommandEnd, 'code' | 'signal'>>(resolve => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  const printed = Promise.all([output.read(child.stdout, onLine), output.read(child.stderr, onLine)]);

  let isOrderLost = false;
  let isGroupEnding = false;
  /** Ends the group, or what is left of it. */
  const endGroup = async () => {
    if (isGroupEnding) return;
    isGroupEnding = true;
    const group = await groups.end(pid, graceMs);
    const { exitCode: code, signalCode: signal } = child;
    const exit = group === 'ended' ? await exited : { code, signal };
    await Promise.race([printed, setTimeout(REST_MS, undefined, { ref: false })]);
    // What cannot be ended, and what has left the group, must not keep this process running.
    release(child);
    groups.delete(pid);
    onEnd({ ...exit, group, isOrderLost });
  };
  // What the command started and left behind ends with it.
  void exited.then(endGroup);

  child.stdin?.write(lineOf(order));
  void groups.add(pid).then(() => open(child));
  let isEnding = false;
  return {
    send(changed) {
      child.stdin?.write(lineOf(changed), error => {
        if (error) isOrderLost = true;
      });
    },
    end() {
      if (isEnding) signalProcessGroup(pid, 'SIGKILL');
      isEnding = true;
      child.stdin?.end();
      void endGroup();
    },
  };
}

function lineOf(order: object): string {
  return `${JSON.stringify(order)}\n`;
}

/** Lets the command begin. */
function open(child: ChildProcess): void {
  const gate = child.stdio[3];
  if (gate === null || gate === undefined || !('write' in gate)) throw new Error('the gate of a command is not piped');
  gate.on('error', () => {});
  gate.end('\n');
}

/** Lets this process end although the child, or a pipe to it, is open. */
function release(child: ChildProcess): void {
  child.unref();
  for (const stream of child.stdio) {
    if (stream !== null && stream !== undefined && 'unref' in stream) (stream as { unref(): void }).unref();
  }
}
