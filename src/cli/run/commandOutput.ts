import type { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';

/** Maximum length of a line, in characters. */
const maxLine = 4_096;
/** Number of characters that are taken from a stream at a time. */
const chunkLength = 1_024;
/** Time in milliseconds for which output is taken without a pause; the pause is as long. */
const sliceMs = 4;

/**
 * Reads what commands print, line by line, and never for so long that the schedule would notice: it takes half of the time at most, for all
 * commands together. A command that prints more waits, as at any full pipe.
 */
export class CommandOutput {
  /** What is to be taken from the streams that have something; each returns whether there is more. */
  readonly #ready = new Set<() => boolean>();
  #isTaking = false;

  /** Reads a stream of text. Fulfilled once it has been read to its end. A line that is too long is cut, and marked as such. */
  read(stream: Readable | null, onLine: (line: string) => void): Promise<void> {
    if (stream === null) return Promise.resolve();
    const lines = lineSplitter(onLine);
    stream.setEncoding('utf8');
    const take = () => {
      const chunk: string | null = stream.read(Math.min(chunkLength, stream.readableLength));
      if (chunk !== null) lines.add(chunk);
      if (stream.readableLength > 0) return true;
      // Says that there is an end, or asks for more.
      stream.read(0);
      return false;
    };
    stream.on('readable', () => {
      this.#ready.add(take);
      void this.#takeAll();
    });
    return new Promise(resolve => {
      stream.on('error', () => {});
      stream.once('end', () => lines.end());
      stream.once('close', () => resolve());
    });
  }

  async #takeAll(): Promise<void> {
    if (this.#isTaking) return;
    this.#isTaking = true;
    while (this.#ready.size > 0) {
      const untilMs = performance.now() + sliceMs;
      while (this.#ready.size > 0 && performance.now() < untilMs) this.#takeOnce(untilMs);
      await setTimeout(sliceMs, undefined, { ref: false });
    }
    this.#isTaking = false;
  }

  /** Takes something from each stream, in turn. */
  #takeOnce(untilMs: number): void {
    for (const take of this.#ready) {
      if (performance.now() >= untilMs) return;
      // What has more comes after the others.
      this.#ready.delete(take);
      if (take()) this.#ready.add(take);
    }
  }
}

/** Splits text that comes in pieces into lines, of which the last may have no end. */
function lineSplitter(onLine: (line: string) => void) {
  let line = '';
  let isCut = false;
  const tell = () => {
    if (!isCut) onLine(line.endsWith('\r') ? line.slice(0, -1) : line);
    line = '';
    isCut = false;
  };
  const addPart = (part: string) => {
    if (isCut) return;
    line += part;
    if (line.length <= maxLine) return;
    onLine(`${line.slice(0, maxLine)}… (cut: the line is longer than ${maxLine} characters)`);
    line = '';
    isCut = true;
  };
  return {
    add(text: string) {
      const [rest = '', ...others] = text.split('\n');
      addPart(rest);
      for (const part of others) {
        tell();
        addPart(part);
      }
    },
    end() {
      if (line !== '') tell();
    },
  };
}
