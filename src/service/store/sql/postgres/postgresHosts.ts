import pg from 'pg';

import type { DispatchError } from '../../../../model/dispatchError.js';
import { invalidOption } from '../../../domain/invalidOption.js';

/** The servers at one of which a database is found: the one that is the primary at present. */
export interface PostgresHosts {
  /** Hosts, ports and database, without user or password. */
  readonly name: string;
  /**
   * A client of the host that could be used last, or of the one after a host that could not. It connects only to a server that is
   * in the wanted state.
   */
  readonly Client: typeof pg.Client;
  /**
   * Connects to each host in turn until one can be used.
   *
   * @param connect - creates a {@link Client} and connects it.
   */
  attempt<Connection>(connect: () => Promise<Connection>): Promise<Connection>;
}

/** What the state of a server must be, as `target_session_attrs` of libpq says. */
type WantedState = 'any' | 'primary' | 'read-write';

const WANTED_STATES: readonly string[] = ['any', 'primary', 'read-write'] satisfies WantedState[];
const PARAMETER = 'target_session_attrs';
const EXAMPLE = 'postgres://user:password@host:5432/database';

/** The server is starting or stopping: `cannot_connect_now`. Other errors of a server are about the caller. */
const NOT_NOW = '57P03';

/**
 * Reads an address with one host, or with several and ports of their own: `postgres://user@a:5432,b:5432/database`. As in libpq,
 * `target_session_attrs` says which of them are used: `any`, `primary` or `read-write`. By default any single host, and of several the
 * primary: a service writes.
 *
 * @throws DispatchError INVALID_ARGUMENT when it is malformed. The message does not contain it, because it may hold a password.
 */
export function postgresHosts(url: string): PostgresHosts {
  const { addresses, name, wanted } = readAddresses(url);
  let current = 0;

  function leave(index: number, error: unknown): void {
    const isAboutCaller = error instanceof pg.DatabaseError && error.code !== NOT_NOW;
    if (index === current && !isAboutCaller) current = (current + 1) % addresses.length;
  }

  class HostClient extends pg.Client {
    readonly #index: number;

    constructor(config?: string | pg.ClientConfig) {
      const index = current;
      super({ ...(config as pg.ClientConfig), connectionString: addresses[index] });
      this.#index = index;
      // Its queries are told of a lost connection; without a listener it would also end the process.
      this.on('error', () => {});
    }

    override connect(): Promise<pg.Client>;
    override connect(callback: (error: Error | null, client?: pg.Client) => void): void;
    override connect(callback?: (error: Error | null, client?: pg.Client) => void): Promise<pg.Client> | undefined {
      const connected = this.#connect();
      if (callback === undefined) return connected;
      connected.then(client => callback(null, client), callback);
      return undefined;
    }

    async #connect(): Promise<pg.Client> {
      try {
        await super.connect();
        await checkState(this, wanted);
        return this;
      } catch (error) {
        leave(this.#index, error);
        void this.end().catch(() => {});
        throw error;
      }
    }
  }

  return {
    name,
    Client: HostClient,
    async attempt(connect) {
      const errors: unknown[] = [];
      for (;;) {
        const index = current;
        try {
          return await connect();
        } catch (error) {
          errors.push(error);
          // All were tried, or it is not the host that is the reason.
          if (errors.length === addresses.length || index === current)
            throw errors.length === 1 ? error : new AggregateError(errors);
        }
      }
    },
  };
}

/** @throws Error when the server is in another state. */
async function checkState(client: pg.Client, wanted: WantedState): Promise<void> {
  if (wanted === 'any') return;
  const { rows } = await client.query(
    `select pg_is_in_recovery() as standby, current_setting('transaction_read_only') = 'on' as read_only`,
  );
  const { standby, read_only: readOnly } = rows[0] ?? {};
  const is = standby ? 'a standby' : readOnly && wanted === 'read-write' ? 'read-only' : null;
  if (is !== null) throw new Error(`${client.host}:${client.port} is ${is}`);
}

function readAddresses(url: string) {
  const [, scheme, user = '', hosts, rest] = /^(\w+:\/\/)([^/?#]*@)?([^/?#]*)(.*)$/s.exec(url) ?? [];
  if (scheme === undefined || hosts === undefined || rest === undefined)
    throw refusal(`must be an address such as ${EXAMPLE}`);
  const addresses = hosts.split(',').map(host => {
    if (host === '' && hosts !== '') throw refusal('has an empty name in its list of hosts');
    return parse(`${scheme}${user}${host}${rest}`);
  });
  const [{ searchParams, pathname }] = addresses as [URL];
  // By libpq it may be a list; here lists have one form.
  const isList = ['host', 'port'].some(name => searchParams.get(name)?.includes(','));
  if (isList || (addresses.length > 1 && searchParams.has('host')))
    throw refusal('must name several hosts before the path, such as postgres://user@a:5432,b:5432/database');
  const wanted = readState(searchParams.getAll(PARAMETER), addresses.length);
  const name = `postgres://${hosts || (searchParams.get('host') ?? '')}${pathname}`;
  // The parameter is none of the driver's.
  for (const address of addresses) address.searchParams.delete(PARAMETER);
  return { addresses: addresses.map(({ href }) => href), name, wanted };
}

function parse(address: string): URL {
  try {
    return new URL(address);
  } catch {
    throw refusal(`must be an address such as ${EXAMPLE}`);
  }
}

function readState([state, ...more]: readonly string[], hosts: number): WantedState {
  if (state === undefined) return hosts === 1 ? 'any' : 'primary';
  if (more.length === 0 && WANTED_STATES.includes(state)) return state as WantedState;
  throw refusal(`must have one ${PARAMETER}, which is ${WANTED_STATES.join(', ')}: the service writes`);
}

function refusal(problem: string): DispatchError {
  return invalidOption('database', problem);
}
