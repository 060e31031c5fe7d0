import { getChannelzHandlers } from '@grpc/grpc-js';

interface ServerList {
  readonly server: readonly {
    readonly data: { readonly calls_started: number };
    readonly listen_socket: readonly { readonly name: string }[];
  }[];
}

/**
 * How many calls a server of this process has received, also those that grpc-js refused before any interceptor: of a method that is not
 * there, or no gRPC at all. From its channelz, which is the only one that sees them.
 *
 * @returns null when no server listens on the port.
 */
export function callsReceived(port: number): number | null {
  let servers: ServerList['server'] = [];
  const request = { start_server_id: 0, max_results: Number.MAX_SAFE_INTEGER };
  // It answers at once.
  getChannelzHandlers().GetServers({ request } as never, (_: unknown, list: unknown) => {
    servers = (list as ServerList).server;
  });
  const ours = servers.find(({ listen_socket: sockets }) => sockets.some(({ name }) => name.endsWith(`:${port}`)));
  return ours ? Number(ours.data.calls_started) : null;
}
