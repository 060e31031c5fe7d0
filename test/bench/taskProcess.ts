/** What `inFreshProcess` starts: calls the exported function that it names, and sends what that returns. */
const [module = '', task = '', input = ''] = process.argv.slice(2);
const tasks: Record<string, (input: unknown) => Promise<unknown>> = await import(module);
const run = tasks[task];
if (run === undefined) throw new Error(`${module} exports no ${task}`);
const answer = await run(JSON.parse(input));
process.send?.(answer, () => process.disconnect());

export {};
