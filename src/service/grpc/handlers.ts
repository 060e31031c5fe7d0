import type { ServedCall } from './servedCall.js';

/** A method of a service, as its generated definition tells it. */
export interface Method {
  readonly name: string;
  readonly requestType: { decode(bytes: Uint8Array): unknown };
  readonly requestStream: boolean;
  readonly responseType: { encode(message: unknown): { finish(): Uint8Array } };
  readonly responseStream: boolean;
}

/** The generated definition of a service. */
export interface Service {
  /** With its package. */
  readonly fullName: string;
  readonly methods: { readonly [name: string]: Method };
}

type RequestOf<M> = M extends { requestType: { decode(bytes: Uint8Array): infer Request } } ? Request : never;
type ResponseOf<M> = M extends { responseType: { encode(message: infer Response): unknown } } ? Response : never;

/** What implements a method. */
type Handler<M> = M extends { requestStream: true }
  ? (requests: AsyncIterable<RequestOf<M>>, call: ServedCall) => AsyncIterable<ResponseOf<M>>
  : M extends { responseStream: true }
    ? (request: RequestOf<M>, call: ServedCall) => AsyncIterable<ResponseOf<M>>
    : (request: RequestOf<M>, call: ServedCall) => Promise<ResponseOf<M>>;

/** What implements a service. */
export type Handlers<Definition extends Service> = {
  readonly [Name in keyof Definition['methods']]: Handler<Definition['methods'][Name]>;
};
