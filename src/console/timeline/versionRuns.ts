import { runsOf } from './runsOf.js';
import type { PicturedRun } from './segment.js';
import type { PicturedVersion, PictureRequest } from './segmentsOf.js';

/** The runs of versions, those of one dispatch in order: a run that goes on when its dispatch changes is one, as its machine has it. */
export class VersionRuns {
  readonly #request: PictureRequest;
  readonly #problems: Map<number, string>;
  /** Runs that a change of their dispatch has cut, by the id of that. */
  readonly #cut = new Map<number, PicturedRun>();

  constructor(request: PictureRequest, problems: Map<number, string>) {
    this.#request = request;
    this.#problems = problems;
  }

  /** The runs of the next version, but for one that may go on in a later version; with one that has gone on until this one. */
  of(version: PicturedVersion): PicturedRun[] {
    const { record, fromMs, toMs } = version;
    if (toMs <= fromMs) return [];
    const runs = runsOf(version, this.#widened(version), this.#problems);
    const before = this.#cut.get(record.id);
    if (before !== undefined) {
      this.#cut.delete(record.id);
      const [first] = runs;
      if (first !== undefined && goesOn(before, first)) runs[0] = { ...first, startMs: before.startMs };
      else runs.unshift(before);
    }
    const last = runs.at(-1);
    if (last !== undefined && last.endMs === toMs && Number.isFinite(toMs)) {
      runs.pop();
      this.#cut.set(record.id, last);
    }
    return this.#inTime(runs);
  }

  /** The runs that have not gone on. */
  rest(): PicturedRun[] {
    return this.#inTime([...this.#cut.values()]);
  }

  /** The time that is looked at for a version: also where a run that is in the picture may have come from, and where it goes on. */
  #widened({ record, fromMs, toMs }: PicturedVersion): PictureRequest {
    const request = this.#request;
    if (toMs <= request.fromMs) return { ...request, fromMs: toMs - 1 };
    if (fromMs >= request.toMs && this.#cut.has(record.id)) return { ...request, toMs: fromMs + 1 };
    return request;
  }

  #inTime(runs: readonly PicturedRun[]): PicturedRun[] {
    const { fromMs, toMs } = this.#request;
    return runs.filter(({ startMs, endMs }) => startMs < toMs && (endMs > fromMs || startMs >= fromMs));
  }
}

function goesOn(before: PicturedRun, after: PicturedRun): boolean {
  const [{ record: was }, { record: is }] = [before, after];
  return before.endMs === after.startMs && was.active === is.active && was.type === is.type;
}
