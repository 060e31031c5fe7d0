import type { Snapshot } from 'xstate';
import type { DispatcherStore } from '../../machines/protocol/dispatcherStore.js';
import { Dispatcher } from '../../src/dispatcher/dispatcher.js';
import { silentLogger } from '../../src/logger.js';
import { type SimulatedClock, simulatedClock } from '../../src/testing/simulatedClock.js';
import { dayMs, hourMs, minuteMs } from '../support/dispatchRecord.js';
import { storeInMemory } from '../support/storeInMemory.js';
import { EditedService } from './editedService.js';
import { ExpectedDispatcher } from './expectedDispatcher.js';
import { deletionMemoryMs } from './expectedDispatches.js';
import { ExpectedTimer } from './expectedTimer.js';
import { describeOutput } from './lines.js';
import type { Edit, Instant, OldVersion, Sequence, Step } from './sequences.js';

/** The most time that passes in one step; longer spans are slept through. */
const maxPassMs = 2 * minuteMs;

/** What a dispatcher says in a sequence is not what the oracle says. */
export class Disagreement extends Error {
  override readonly name = 'Disagreement';
}

/**
 * Plays a sequence against a real dispatcher and the oracle; both know the same and must say the same after each step. Returns what they said.
 *
 * @throws Disagreement with what both said when they do not.
 */
export async function playSequence(sequence: Sequence): Promise<readonly string[]> {
  const player = new Player(sequence);
  try {
    await player.start();
    for (const step of sequence.steps) {
      player.begin(step);
      // Without a pause the next step comes before the dispatcher could do anything.
      if (!('pause' in step) || step.pause !== 'none') await player.finish(step);
    }
    await player.finish({ kind: 'reach' });
    await player.finish({ kind: 'pass', to: { from: 'now', ms: 1_500 } });
    player.compareDispatches();
    return player.allSaid;
  } finally {
    await player.stop();
  }
}

class Player {
  readonly #clock: SimulatedClock;
  readonly #service: EditedService;
  readonly #timer: ExpectedTimer;
  readonly #oracle: ExpectedDispatcher;
  readonly #store: DispatcherStore | undefined;
  readonly #story: string[] = [];
  /** The latest that the wall clock ever showed. */
  #latestMs = Number.NEGATIVE_INFINITY;
  #dispatcher: Dispatcher | undefined;
  #said: string[] = [];
  readonly allSaid: string[] = [];
  /** Makes the service answer again; undefined while it does. */
  #release: (() => void) | undefined;

  constructor({ startMs, earlyMs, kept, initial }: Sequence) {
    this.#clock = simulatedClock(startMs, { earlyMs });
    this.#service = new EditedService({ nowMs: this.#clock.nowMs, resolve: instant => this.#resolve(instant) });
    this.#timer = new ExpectedTimer(startMs, earlyMs);
    this.#oracle = new ExpectedDispatcher(this.#timer, this.#service.records);
    this.#store = kept === 'store' ? storeInMemory() : undefined;
    this.#editSilently(initial);
  }

  async start(snapshot?: Snapshot<unknown>): Promise<void> {
    this.#dispatcher = new Dispatcher({
      microgridId: 1,
      transport: this.#service.transport,
      clock: this.#clock,
      logger: silentLogger,
      ...(this.#store && { store: this.#store }),
      ...(snapshot && { snapshot }),
    });
    this.#dispatcher.actor.on('*', output => {
      const line = describeOutput(output);
      if (line !== undefined) this.#said.push(line);
    });
    await this.#dispatcher.start();
    this.#oracle.start({ isOnline: this.#release === undefined, from: this.#store ? 'store' : 'snapshot' });
    await this.#advanceBy(0);
    this.#compare();
  }

  async stop(): Promise<void> {
    this.#release?.();
    await this.#dispatcher?.stop();
  }

  /** What happens at once. */
  begin(step: Step): void {
    const nowMs = this.#clock.nowMs();
    this.#story.push(`${new Date(nowMs).toISOString()} ${JSON.stringify(step)}`);
    this.#latestMs = Math.max(this.#latestMs, nowMs);
    if (step.kind === 'edit') this.#edit(step.edit);
    else if (step.kind === 'sleep') this.#jump(this.#msUntil(step.to));
    else if (step.kind === 'clockStep') {
      // More than a day before the latest time it lists at once, which other tests are about. It knows the latest time a bit better.
      this.#jump(Math.max(this.#resolve(step.to), this.#latestMs - dayMs + hourMs) - nowMs);
    } else if (step.kind === 'stall') {
      const ms = Math.min(this.#msUntil(step.to), maxPassMs);
      this.#clock.stall(ms);
      this.#timer.monotonicMs += ms;
    }
  }

  /** What takes time, and what comes of it. */
  async finish(step: Step): Promise<void> {
    switch (step.kind) {
      case 'edit':
      case 'sleep':
      case 'clockStep':
      case 'stall':
        await (step.pause === 'advance' ? this.#advanceBy(0) : this.#settle());
        break;
      case 'pass':
        await this.#advanceBy(Math.min(this.#msUntil(step.to), maxPassMs));
        break;
      case 'lose':
        await this.#lose(step);
        break;
      case 'reach':
        await this.#reach();
        break;
      case 'repeat':
        await this.#repeat(step);
        break;
      case 'backup':
        await this.#restoreBackup(step);
        break;
      case 'restart':
        await this.#restart(step);
    }
    this.#compare();
  }

  /** Both hold the same versions in the same runs. */
  compareDispatches(): void {
    const registry = this.#dispatcher?.actor.getSnapshot().children.pool?.getSnapshot().context;
    const held = [...(registry?.ids() ?? [])].map(id => {
      const { dispatch, run, notifiedMs } = registry?.get(id) ?? {};
      return JSON.stringify([id, dispatch?.updateTime, run, notifiedMs]);
    });
    const expected = [...this.#oracle.dispatches].map(([id, { record, run, notifiedMs }]) =>
      JSON.stringify([id, record.updateTime, run, notifiedMs]),
    );
    this.#expectEqual('holds', held.sort(), expected.sort());
  }

  #resolve(instant: Instant): number {
    if (instant.from === 'now') return this.#clock.nowMs() + instant.ms;
    const { dispatches } = this.#oracle;
    const all = [...dispatches.values()];
    const dispatch = dispatches.get(this.#service.idOf(instant.slot)) ?? all[instant.slot % all.length];
    const { startMs, endMs } = dispatch?.run ?? {};
    const ofRun = { start: startMs, end: endMs, next: undefined }[instant.from];
    return (ofRun ?? dispatch?.nextChange?.atMs ?? this.#clock.nowMs()) + instant.ms;
  }

  /** 0 when it is past. */
  #msUntil(instant: Instant): number {
    return Math.max(this.#resolve(instant) - this.#clock.nowMs(), 0);
  }

  #jump(ms: number): void {
    this.#clock.step(ms);
    this.#timer.step(ms);
  }

  #edit(edit: Edit): void {
    if (this.#release !== undefined) this.#editSilently([edit]);
    else {
      const change = this.#service.edit(edit, 'aloud');
      if (change !== undefined) this.#oracle.tell(change);
    }
  }

  #editSilently(edits: readonly Edit[]): void {
    for (const edit of edits) this.#service.edit(edit, 'silently');
  }

  async #settle(): Promise<void> {
    await this.#clock.settle();
    this.#oracle.settle();
  }

  async #advanceBy(ms: number): Promise<void> {
    await this.#clock.advanceBy(ms);
    this.#oracle.passBy(ms);
  }

  async #lose({ edits, isBackAtOnce }: { edits: readonly Edit[]; isBackAtOnce: boolean }): Promise<void> {
    await this.#advanceBy(0);
    if (this.#release !== undefined || this.#oracle.isBusy) return;
    if (!isBackAtOnce) {
      const releases = [this.#service.transport.hold('watch'), this.#service.transport.hold('list')];
      this.#release = () => {
        for (const release of releases) release();
      };
    }
    this.#editSilently(edits);
    await this.#cut();
  }

  /** Every wait before the dispatcher tries again is 0: it connects now. */
  async #cut(): Promise<void> {
    this.#service.transport.cut();
    await this.#clock.advanceBy(0);
    this.#oracle.connect(this.#release === undefined);
    this.#oracle.passBy(0);
  }

  async #reach(): Promise<void> {
    await this.#advanceBy(0);
    if (this.#release === undefined) return;
    this.#release();
    this.#release = undefined;
    await this.#clock.settle();
    this.#oracle.reach();
  }

  async #repeat(step: OldVersion): Promise<void> {
    const record = this.#service.oldVersion(step);
    if (record === undefined || this.#release !== undefined) return;
    // How long a deletion is remembered by a clock that steps is left open.
    const deletedMs = this.#service.deletedMs(record.id) ?? this.#latestMs;
    if (this.#latestMs - deletedMs >= deletionMemoryMs) return;
    this.#service.transport.send({ kind: 'updated', dispatch: record });
    this.#oracle.tell({ record, isDeletion: false });
    await this.#advanceBy(0);
  }

  async #restoreBackup(step: OldVersion): Promise<void> {
    const record = this.#service.oldVersion(step);
    await this.#advanceBy(0);
    if (record === undefined || this.#release !== undefined || this.#oracle.isBusy) return;
    this.#service.restore(step.slot, record);
    await this.#cut();
  }

  async #restart({ edits, sleepMs }: { edits: readonly Edit[]; sleepMs: number }): Promise<void> {
    await this.#advanceBy(0);
    const snapshot = this.#store ? undefined : this.#dispatcher?.actor.getPersistedSnapshot();
    await this.#dispatcher?.stop();
    this.#compare();
    this.#editSilently(edits);
    this.#jump(sleepMs);
    await this.start(snapshot && JSON.parse(JSON.stringify(snapshot)));
  }

  #compare(): void {
    const [said, expected] = [this.#said, this.#oracle.lines];
    this.allSaid.push(...said);
    this.#said = [];
    this.#oracle.lines = [];
    this.#expectEqual('said', said, expected);
  }

  #expectEqual(what: string, actual: readonly string[], expected: readonly string[]): void {
    if (actual.length === expected.length && actual.every((line, i) => line === expected[i])) return;
    const parts = {
      'The versions of the dispatches': this.#service.versions.map(record => JSON.stringify(record)),
      'The steps': this.#story,
      [`The dispatcher ${what}`]: actual,
      [`The oracle ${what}`]: expected,
    };
    throw new Disagreement(
      Object.entries(parts)
        .map(([title, lines]) => `\n\n${title}:\n${lines.join('\n')}`)
        .join(''),
    );
  }
}
