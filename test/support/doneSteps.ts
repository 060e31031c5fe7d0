/** The result of work that yields between its steps, and what it yielded. */
export function doneSteps<Step, T>(steps: Generator<Step, T, void>): { readonly result: T; readonly yielded: Step[] } {
  const yielded: Step[] = [];
  for (;;) {
    const step = steps.next();
    if (step.done) return { result: step.value, yielded };
    yielded.push(step.value);
  }
}
