import { fromCallback } from 'xstate';
import { type Clock, maxSliceMs } from '../protocol/clock.js';
import type { TimerCommand, TimerEvent } from '../protocol/messages.js';
import { persistentTeller } from './persistentTeller.js';

/** The wall clock is compared with the monotonic clock this often, so that a step or a suspend is seen in time. */
const maxWaitMs = 1_000;

/** A wall clock that falls back by less than this, against the monotonic clock, did not step. */
const stepToleranceMs = 100;

/** The first slice of a burst is shorter, so that receivers hear of its first dispatches at once. */
const firstSliceMs = 1;

/** What {@link timerLogic} is made of. */
export interface TimerOptions {
  readonly clock: Clock;
  /** In [0, 1), spreads retries. @default Math.random */
  readonly random?: () => number;
  /**
   * Called once, when the dispatcher is live for the first time: it may use the time in which nothing is due.
   *
   * @param spareMs tells for how long nothing is due, in milliseconds: Infinity when nothing is planned
   * @returns what ends it, called when the timer stops. Neither must throw.
   */
  readonly useSpareTime?: ((spareMs: () => number) => () => void) | undefined;
}

/**
 * The one timer of a dispatcher: serves the head of the agenda, with `timer.due` never before its time, and waits for
 * retries. A burst of due dispatches is worked off in slices of 8 ms.
 */
export function timerLogic({ clock, random = Math.random, useSpareTime }: TimerOptions) {
  return fromCallback<TimerCommand>(({ sendBack, receive }) => {
    const tell = (event: TimerEvent) => {
      if (!isStopped) sendBack(event);
    };
    let headMs: number | null = null;
    let isFiring = false;
    let isStopped = false;
    let undoWait = () => {};
    let undoRetry = () => {};
    let endSpareTime: (() => void) | undefined;
    let offsetMs = clock.nowMs() - clock.monotonicMs();
    const teller = persistentTeller(clock);

    // Set before anything is told: whoever watches the actors may throw.
    const arm = () => {
      undoWait();
      // Whoever is told of a notification may have stopped the dispatcher.
      if (isStopped) return;
      const untilHeadMs = headMs === null ? maxWaitMs : headMs - clock.nowMs();
      undoWait = clock.setTimer(() => fire(firstSliceMs), Math.min(Math.max(untilHeadMs, 0), maxWaitMs));
      noticeStep();
    };

    const fire = (sliceMs: number) => {
      let goOn = arm;
      isFiring = true;
      try {
        noticeStep();
        const sinceMs = clock.monotonicMs();
        while (!isStopped && headMs !== null && headMs <= clock.nowMs()) {
          if (clock.monotonicMs() - sinceMs >= sliceMs) {
            goOn = yieldThenFire;
            break;
          }
          tell({ type: 'timer.due', atMs: clock.nowMs() });
        }
      } finally {
        isFiring = false;
        goOn();
      }
    };

    const yieldThenFire = () => {
      undoWait = clock.yield(() => fire(maxSliceMs));
    };

    const noticeStep = () => {
      const earlierMs = offsetMs;
      offsetMs = clock.nowMs() - clock.monotonicMs();
      if (offsetMs < earlierMs - stepToleranceMs) tellWentBack();
    };

    const tellWentBack = () => teller.tell(() => tell({ type: 'clock.wentBack', atMs: clock.nowMs() }));

    receive(command => {
      if (command.type === 'source.live') {
        endSpareTime ??= useSpareTime?.(() => (headMs === null ? Number.POSITIVE_INFINITY : headMs - clock.nowMs()));
      } else if (command.type === 'agenda.moved') {
        headMs = command.atMs;
        if (!isFiring) arm();
      } else if (command.type === 'instant.wanted') {
        tellWentBack();
      } else {
        const { minDelayMs, maxDelayMs } = command;
        undoRetry();
        const delayMs = Math.round(minDelayMs + random() * (maxDelayMs - minDelayMs));
        undoRetry = clock.setTimer(() => teller.tell(() => tell({ type: 'retry.due' })), delayMs);
        const atMs = clock.nowMs() + delayMs;
        teller.tell(() => tell({ type: 'retry.planned', atMs }));
      }
    });
    arm();
    return () => {
      isStopped = true;
      undoWait();
      undoRetry();
      teller.stop();
      endSpareTime?.();
    };
  });
}
