import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from './packPackage.js';

/** A code block of a page in TypeScript. */
export interface CodeBlock {
  /** Page and number, such as `docs/testing.md 2`. */
  readonly name: string;
  readonly code: string;
}

/** What a page says or shows before the blocks that are no whole program, by the name of the block. */
const before: Readonly<Record<string, string>> = {
  'docs/client.md 2': `import type { MicrogridClient } from 'xstate-dispatch';
    declare const microgrid: MicrogridClient;`,
  'docs/client.md 3': `import type { DispatchClient, MicrogridClient } from 'xstate-dispatch';
    declare const client: DispatchClient;
    declare const microgrid: MicrogridClient;`,
  'docs/client.md 4': `import { DispatchClient } from 'xstate-dispatch';
    declare const address: string;
    declare const vault: { read(path: string, options: { fresh: boolean }): Promise<{ key: string; secret: string }> };`,
  'docs/embedding.md 3': `import { useSelector } from '@xstate/react';`,
  'docs/embedding.md 4': `import { createActor } from 'xstate';
    import type { DispatchRecord } from 'xstate-dispatch';
    import { dispatchMachine } from 'xstate-dispatch/machines';
    declare const dispatch: DispatchRecord;`,
  'docs/webhooks.md 1': 'declare const address: string, secret: string;',
  'docs/from-python.md 1': `import { Dispatcher, type JsonObject, type Selector } from 'xstate-dispatch';
    declare const address: string;
    declare const authKey: string;
    declare function stop(id: number): void;
    declare function startOrReconfigure(selector: Selector, payload: JsonObject, until: Date | null): void;`,
  'docs/from-python.md 2': `import type { Dispatcher } from 'xstate-dispatch';
    declare const dispatcher: Dispatcher;`,
  'docs/from-python.md 3': `import type { Dispatcher } from 'xstate-dispatch';
    declare const dispatcher: Dispatcher;`,
  'docs/inspection.md 1': 'declare const address: string;',
  'docs/inspection.md 2': `import type { Dispatcher } from 'xstate-dispatch';
    declare const dispatcher: Dispatcher;`,
  'docs/managing.md 2': `import type { CallbackActorLogic } from 'xstate';
    import type { DispatchInfo, ManagedActorEvent } from 'xstate-dispatch';
    declare const charge: CallbackActorLogic<ManagedActorEvent, DispatchInfo>;`,
  'docs/merging.md 2': `import { type Dispatcher, mergeForComponent } from 'xstate-dispatch';
    declare const dispatcher: Dispatcher;`,
  'docs/restart.md 1': 'declare const address: string;',
  'docs/testing.md 3': `import { dispatchRecord, memoryTransport, simulatedClock } from 'xstate-dispatch/testing';
    declare const startTimeMs: number;
    const clock = simulatedClock(startTimeMs);`,
  'docs/testing.md 4': `import { Dispatcher } from 'xstate-dispatch';
    import { recordNotifications, startTestService } from 'xstate-dispatch/testing';`,
};

/** Blocks that go on with the one before them on their page. */
const goesOn = new Set(['docs/embedding.md 2', 'docs/embedding.md 3', 'docs/restart.md 2']);

/** Every TypeScript block of the README and the pages in docs, each with what it needs to be compiled. */
export async function codeBlocks(): Promise<CodeBlock[]> {
  const pages = (await readdir(join(root, 'docs'))).filter(name => name.endsWith('.md')).map(name => `docs/${name}`);
  const blocks: CodeBlock[] = [];
  for (const page of ['README.md', ...pages.sort()]) {
    const text = await readFile(join(root, page), 'utf8');
    let previous = '';
    for (const [i, [, block = '']] of [...text.matchAll(/^```ts\n(.*?)^```/gms)].entries()) {
      const name = `${page} ${i + 1}`;
      const own = [before[name] ?? '', goesOn.has(name) ? previous : '', block].join('\n');
      previous = own;
      blocks.push({ name, code: `${own}\nexport {};\n` });
    }
  }
  const names = new Set(blocks.map(({ name }) => name));
  const unused = [...Object.keys(before), ...goesOn].filter(name => !names.has(name));
  if (unused.length > 0) throw new Error(`there is no code block ${unused.join(', ')}`);
  return blocks;
}
