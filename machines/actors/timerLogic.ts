import { fromCallback } from 'xstate';
import { isUnset } from '../../src/model/unsetClock.js';
import { type Clock, maxSliceMs } from '../protocol/clock.js';
import type { TimerCommand, TimerEvent } from '../protocol/messages.js';
import { persistentTeller } from './persistentTeller.js';

/** Interval in milliseconds at which the wall clock is compared with the monotonic clock, to notice a step or a suspend. */
const maxWaitMs = 1_000;

/** Minimum difference between wall clock and monotonic clock, in milliseconds, that counts as a step. */
const stepToleranceMs = 100;

/** Minimum step of the wall clock in either direction, in milliseconds, after which a retry may succeed: signatures carry the time. */
const retryStepMs = 1_000;

/** Duration of the first slice of a burst, in milliseconds; shorter, so that receivers hear of its first dispatches at once. */
const firstSliceMs = 1;

/** Options of {@link timerLogic}. */
export interface TimerOptions {
  readonly clock: Clock;
  /** Random number in [0, 1) that spreads retries. @default Math.random */
  readonly random?: (() => number) | undefined;
  /**
   * Called once, when the dispatcher is live for the first time; it may use the time in which nothing is due.
   *
   * @param spareMs Returns for how long nothing is due, in milliseconds; Infinity if nothing is planned.
   * @returns A function that ends it, called when the timer stops. Neither must throw.
   */
  readonly useSpareTime?: ((spareMs: () => number) => () => void) | undefined;
}

/**
 * The timer actor of a dispatcher: sends `timer.due` for the head of the agenda, never before its time, and waits for retries. A burst
 * of due dispatches is processed in slices of 8 ms.
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
    /** When the retry is due, on the monotonic clock; null: none is planned. */
    let retryDueMs: number | null = null;
    let endSpareTime: (() => void) | undefined;
    let offsetMs = clock.nowMs() - clock.monotonicMs();
    const teller = persistentTeller(clock);

    // Set before anything is sent: an inspector may throw.
    const arm = () => {
      undoWait();
      // A listener may have stopped the dispatcher.
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
      const stepMs = clock.nowMs() - clock.monotonicMs() - offsetMs;
      offsetMs += stepMs;
      if (stepMs < -stepToleranceMs) tellWentBack(stepMs);
      const atMs = clock.nowMs();
      if (stepMs > stepToleranceMs && isUnset(atMs - stepMs) && !isUnset(atMs)) {
        teller.tell(() => tell({ type: 'clock.set', atMs }));
      }
      if (Math.abs(stepMs) >= retryStepMs && retryDueMs !== null) planRetry(0);
    };

    const tellWentBack = (stepMs = 0) =>
      teller.tell(() => tell({ type: 'clock.wentBack', atMs: clock.nowMs(), fromMs: clock.nowMs() - stepMs }));

    const planRetry = (delayMs: number) => {
      undoRetry();
      retryDueMs = clock.monotonicMs() + delayMs;
      undoRetry = clock.setTimer(() => {
        retryDueMs = null;
        teller.tell(() => tell({ type: 'retry.due' }));
      }, delayMs);
      const atMs = clock.nowMs() + delayMs;
      teller.tell(() => tell({ type: 'retry.planned', atMs }));
    };

    const hastenRetry = (maxDelayMs: number) => {
      const delayMs = Math.round(random() * maxDelayMs);
      if (retryDueMs !== null && retryDueMs > clock.monotonicMs() + delayMs) planRetry(delayMs);
    };

    receive(command => {
      if (command.type === 'source.live') {
        endSpareTime ??= useSpareTime?.(() => (headMs === null ? Number.POSITIVE_INFINITY : headMs - clock.nowMs()));
      } else if (command.type === 'agenda.moved') {
        headMs = command.atMs;
        if (!isFiring) arm();
      } else if (command.type === 'instant.wanted') {
        tellWentBack();
      } else if (command.type === 'retry.hastened') {
        hastenRetry(command.maxDelayMs);
      } else {
        const { minDelayMs, maxDelayMs } = command;
        planRetry(Math.round(minDelayMs + random() * (maxDelayMs - minDelayMs)));
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
