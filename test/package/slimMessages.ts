import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

/** A message in the output of ts-proto: an object of functions, of which a bundler keeps all or none. */
const MESSAGE = /^export const (\w+) = \{\n {4}encode\((.*?)^\};\n/gms;
/** One of these functions, without its name. */
const FUNCTION = /^ {4}(\w+)(\(.*?^ {4}\}),?\n/gms;
/** What guards against messages in messages in messages; in this contract only a Struct has them, which has a limit of its own. */
const DEPTH_LIMIT =
  /^ +const previousRecursionDepth = [^;]+;\n +if \(previousRecursionDepth >= 100\) \{\n[^\n]+\n +\}\n +reader\.__tsProtoDecodeDepth = previousRecursionDepth \+ 1;\n +try \{\n(.*?)^ +\}\n +finally \{\n +reader\.__tsProtoDecodeDepth = previousRecursionDepth;\n +\}\n/gms;
/** What guards 64 bits; the writer of @bufbuild/protobuf does so too. */
const RANGE_CHECK =
  /^ +if \(BigInt\.as(?:Uint|Int)N\(64, ([\w.]+)\) !== \1\) \{\n +throw new globalThis\.Error\("[^"]+ too large"\);\n +\}\n/gm;
const IMPORT = /^import \{ ([^}]+) \} from ("[^"]+\.js");$/gm;

/**
 * Makes of the messages of generated code functions of their own, and of the methods of services what a client calls: requests are encoded,
 * responses decoded. So a bundler leaves out what is not called.
 */
export const slimMessages: Plugin = {
  name: 'slim messages',
  setup(build) {
    build.onLoad({ filter: /[\\/]proto[\\/]gen[\\/].+\.js$/ }, async ({ path }) => ({
      contents: slim(await readFile(path, 'utf8')),
    }));
  },
};

/** @throws Error when the code is not as ts-proto and TypeScript write it. */
function slim(code: string): string {
  const own = new Set<string>();
  const functions = code
    .replace(DEPTH_LIMIT, '$1')
    .replace(RANGE_CHECK, '')
    .replace(MESSAGE, (_, name: string, body: string) => {
      own.add(name);
      const all = [...`    encode(${body}`.matchAll(FUNCTION)];
      if (all.length < 4) throw new Error(`${name} is not a message as ts-proto writes it`);
      return all.map(([, member, rest]) => `export function ${name}$${member}${rest}\n`).join('');
    })
    .replace(/^( +)requestType: (\w+),$/gm, '$1requestType: { encode: $2.encode },')
    .replace(/^( +)responseType: (\w+),$/gm, '$1responseType: { decode: $2.decode },');
  const used = new Map<string, Set<string>>();
  const imported = [...functions.matchAll(IMPORT)].flatMap(([, names = '']) => names.split(', '));
  const called = functions.replace(
    /\b([A-Z]\w*)\.(encode|decode|wrap|unwrap|create|fromPartial)\b/g,
    (text, name, member) => {
      if (own.has(name)) return `${name}$${member}`;
      if (!imported.includes(name) || name === 'Struct') return text;
      used.set(name, (used.get(name) ?? new Set()).add(member));
      return `${name}$${member}`;
    },
  );
  return called.replace(IMPORT, (text, names: string, from: string) => {
    const needed = names.split(', ').flatMap(name => [...(used.get(name) ?? [])].map(member => `${name}$${member}`));
    return needed.length === 0 ? text : `import { ${needed.join(', ')} } from ${from};`;
  });
}
