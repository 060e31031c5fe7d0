/** Loaded into the process of a service before its program: tells the benchmark how much memory it takes. */
import { answerTasks } from '../askedProcess.js';

const tasks = {
  /** Memory in bytes, without what the next collection of garbage would free. */
  memory: () => {
    globalThis.gc?.();
    const { rss, heapUsed, external } = process.memoryUsage();
    return { rss, heapUsed, external };
  },
};

/** What a service is asked. */
export type ProbeTasks = typeof tasks;

answerTasks(tasks);
// A service that cannot start ends.
process.channel?.unref();
