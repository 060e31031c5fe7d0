import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { processStartedAt, signalProcessGroup, startProcessGroup } from '../exec/processGroup.js';
import { endProcessGroup, type LeftGroups } from './leftGroups.js';

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
  /** Time between SIGTERM and SIGKILL, in milliseconds. */
  readonly graceMs: number;
  /** Called for each line that it prints on stdout or stderr. */
  readonly onLine: (line: string) => void;
  /** Called once, when it and all processes that it started have ended. */
  readonly onEnd: (end: CommandEnd) => void;
}

/** How a command ended. */
export interface CommandEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why it could not be started, if it could not. */
  readonly error?: Error;
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

/** Starts a command in a process group of its own. */
export function startCommand(options: CommandOptions): CommandProcess {
  const { commandLine, env, onLeftOut, order, groups, graceMs, onLine, onEnd } = options;
  const child = startProcessGroup(GATE, {
    required: { DISPATCH_COMMAND_LINE: commandLine },
    variables: env,
    onLeftOut,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
  const { pid } = child;
  let isEnding = false;
  let error: Error | undefined;
  const finish = async (code: number | null, signal: NodeJS.Signals | null) => {
    // What the command started and left behind ends with it.
    if (pid !== undefined) {
      await endProcessGroup(pid, graceMs);
      groups.delete(pid);
    }
    onEnd({ code, signal, ...(error && { error }) });
  };
  child.on('error', cause => {
    error = cause;
    if (pid === undefined) void finish(null, null);
  });
  child.on('exit', (code, signal) => void finish(code, signal));
  // A command that does not read its stdin closes it.
  child.stdin?.on('error', () => {});
  readLines(child.stdout, onLine);
  readLines(child.stderr, onLine);
  const send = (line: object) => child.stdin?.write(`${JSON.stringify(line)}\n`);
  if (pid !== undefined) {
    groups.add({ pid, startedAt: processStartedAt(pid) ?? '' });
    send(order);
    open(child);
  }
  return {
    send,
    end() {
      if (pid === undefined) return;
      if (isEnding) signalProcessGroup(pid, 'SIGKILL');
      else {
        isEnding = true;
        child.stdin?.end();
        void endProcessGroup(pid, graceMs);
      }
    },
  };
}

/** Lets the command begin. */
function open(child: ChildProcess): void {
  const gate = child.stdio[3];
  if (gate === null || gate === undefined || !('write' in gate)) throw new Error('the gate of a command is not piped');
  gate.on('error', () => {});
  gate.end('\n');
}

function readLines(stream: Readable | null, onLine: (line: string) => void): void {
  if (stream !== null) createInterface({ input: stream }).on('line', onLine);
}
