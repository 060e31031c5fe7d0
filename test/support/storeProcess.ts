import { type RunningProgram, startProgram } from './program.js';

/** Starts a process that opens the store of a file for microgrid 1 and keeps it open until it is killed. */
export async function forkStore(path: string): Promise<RunningProgram> {
  const program = startProgram(`
    import { sqliteStore } from 'xstate-dispatch/store';
    await sqliteStore(${JSON.stringify(path)}).open({ microgridId: 1 });
    console.log('open');
    setInterval(() => {}, 60_000);`);
  await program.line();
  return program;
}
