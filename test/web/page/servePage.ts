import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

const source = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

/** What tests that run in Node.js, too, use of `xstate-dispatch` is that of `xstate-dispatch/web` in a page. */
const browserBuild: Plugin = {
  name: 'the dispatcher of the browser build',
  setup({ onResolve }) {
    onResolve({ filter: /\/dispatcher\/dispatcher\.js$/ }, () => ({ path: source('src/web/dispatcher.ts') }));
  },
};

/** A page with the program for tests, on a port of its own: another origin than that of the service. */
export interface ServedPage extends AsyncDisposable {
  readonly url: string;
  readonly origin: string;
}

/** Bundles the program, by esbuild without options but for what tests need, and serves it. */
export async function servePage(): Promise<ServedPage> {
  const { outputFiles } = await build({
    entryPoints: [source('test/web/page/program.ts')],
    bundle: true,
    format: 'esm',
    sourcemap: 'inline',
    plugins: [browserBuild],
    write: false,
    logLevel: 'warning',
  });
  const script = outputFiles[0]?.text ?? '';
  const files: Readonly<Record<string, readonly [type: string, content: string]>> = {
    '/': [
      'text/html',
      '<!doctype html><link rel="icon" href="data:"><script type="module" src="/program.js"></script>',
    ],
    '/program.js': ['text/javascript', script],
    '/elsewhere': ['text/html', '<!doctype html><link rel="icon" href="data:"><p>elsewhere'],
  };
  const server = createServer((request, response) => {
    const [type, content] = files[request.url ?? ''] ?? ['text/plain', 'there is none'];
    response.writeHead(request.url !== undefined && request.url in files ? 200 : 404, { 'content-type': type });
    response.end(content);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `${origin}/`,
    origin,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
