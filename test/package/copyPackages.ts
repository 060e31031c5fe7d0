import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Packages of which the browser's entry has copies: they would bring WebSockets and code for Node.js, and twice as much besides. */
export const copied = ['nice-grpc-web', 'nice-grpc-common', 'abort-controller-x', '@bufbuild/protobuf'];

/** What stands for small packages that give what browsers have also to those that have it not. */
const replaced: Readonly<Record<string, string>> = {
  'js-base64': `export const Base64 = {
    fromUint8Array: bytes => btoa(String.fromCharCode(...bytes)),
    toUint8Array: text => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), unit => unit.charCodeAt(0)),
  };`,
  'ts-error': 'export class ExtendableError extends Error {}',
};

/** Parts of packages in place of which there is something else. */
const parts: Readonly<Record<string, (code: string) => string>> = {
  // For methods and definitions of kinds that there are none of.
  'nice-grpc-web/src/client/createBidiStreamingMethod.ts': () => 'export const createBidiStreamingMethod = undefined;',
  'nice-grpc-web/src/client/createClientStreamingMethod.ts': () =>
    'export const createClientStreamingMethod = undefined;',
  'nice-grpc-web/src/service-definitions/grpc-web.ts': () =>
    'export const isGrpcWebServiceDefinition = () => false; export const fromGrpcWebServiceDefinition = undefined;',
  // For types of fields that there are none of: a bundler cannot leave out methods.
  '@bufbuild/protobuf/dist/esm/wire/binary-encoding.js': code =>
    without(code, /^ {4}(?:float|s?fixed32|s?fixed64|sint32|sint64)\(\w*\) \{\n.*?^ {4}\}\n/gms, 14),
  // For browsers without BigInt, which cannot read the rest of the entry either.
  '@bufbuild/protobuf/dist/esm/proto-int64.js': code =>
    without(
      without(code, / &&\s+\(!!globalThis\.Deno .*?!== "1"\)/s, 1),
      /^ {4}return \{\n {8}zero: "0",.*?^ {4}\};\n/ms,
      1,
    ),
  '@bufbuild/protobuf/dist/esm/wire/text-encoding.js': () => `
    const encoder = /* @__PURE__ */ new TextEncoder();
    const decoder = fatal => new TextDecoder('utf-8', { ignoreBOM: true, fatal });
    const [lenient, strict] = [/* @__PURE__ */ decoder(false), /* @__PURE__ */ decoder(true)];
    const encoding = {
      encodeUtf8Into: (text, bytes) => encoder.encodeInto(text, bytes),
      decodeUtf8: (bytes, isStrict) => (isStrict ? strict : lenient).decode(bytes),
    };
    export const getTextEncoding = () => encoding;
    export const [emulateEncodeInto, configureTextEncoding] = [];`,
};

/**
 * Leaves packages to the bundler of the user, but for those that are copied: as ES modules, so that only what is used of them is.
 *
 * @param common - the file that exports what is used of nice-grpc-common.
 */
export function copyPackages(common: string): Plugin {
  return {
    name: 'copy packages',
    setup(build) {
      build.onResolve({ filter: /^[^./]/ }, ({ kind, path, resolveDir, pluginData }) => {
        if (kind === 'entry-point' || pluginData === 'copied') return undefined;
        if (path in replaced) return { path, namespace: 'replaced' };
        if (path === 'nice-grpc-common') return { path: common };
        if (!copied.some(name => path === name || path.startsWith(`${name}/`))) return { path, external: true };
        // These packages are compiled to CommonJS, and have their sources beside that.
        const source = path.replace(/^(nice-grpc-\w+)\/lib\/(.+)\.js$/, '$1/src/$2.ts');
        const from = resolveDir.startsWith(join(root, 'node_modules')) ? resolveDir : root;
        return build.resolve(source, { kind, resolveDir: from, pluginData: 'copied' });
      });
      build.onLoad({ filter: /.*/, namespace: 'replaced' }, ({ path }) => ({ contents: replaced[path] ?? '' }));
      build.onLoad({ filter: /[\\/]node_modules[\\/]/ }, async ({ path }) => {
        const part = parts[path.replaceAll('\\', '/').replace(/^.*\/node_modules\//, '')];
        return part && { contents: part(await readFile(path, 'utf8')) };
      });
    },
  };
}

/** @throws Error when the code does not have as many places to leave out. */
function without(code: string, pattern: RegExp, count: number): string {
  let found = 0;
  const rest = code.replace(pattern, () => {
    found += 1;
    return '';
  });
  if (found !== count) throw new Error(`${pattern} is there ${found} times, not ${count} times`);
  return rest;
}

/** Texts of the licences of what is copied, to be shipped beside it. */
export async function licences(): Promise<string> {
  const packages = join(root, 'node_modules');
  const texts = copied.map(async name => {
    const text = name === '@bufbuild/protobuf' ? protobufLicence(packages) : licenceFile(join(packages, name));
    return `${name}:\n\n${(await text).trim()}\n`;
  });
  return `Parts of these packages are in index.js.\n\n${(await Promise.all(texts)).join('\n\n')}`;
}

async function licenceFile(folder: string): Promise<string> {
  const file = (await readdir(folder)).find(file => /^licen[cs]e/i.test(file));
  if (file === undefined) throw new Error(`${folder} has no licence`);
  return readFile(join(folder, file), 'utf8');
}

/** It has its notices at the beginning of its files, and is under the Apache License, as grpc-js is. */
async function protobufLicence(packages: string): Promise<string> {
  const files = ['binary-encoding.js', 'varint.js'];
  const notices = files.map(async file => {
    const code = await readFile(join(packages, '@bufbuild/protobuf/dist/esm/wire', file), 'utf8');
    return (/^(?:\/\/.*\n)+/.exec(code)?.[0] ?? '').replace(/^\/\/ ?/gm, '');
  });
  return [...(await Promise.all(notices)), await licenceFile(join(packages, '@grpc/grpc-js'))].join('\n');
}
