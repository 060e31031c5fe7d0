import { DispatchError } from '../../model/dispatchError.js';

/** A request that was not decoded yet. */
class ArrivedRequest {
  readonly bytes: number;
  readonly decode: () => unknown;

  constructor(bytes: number, decode: () => unknown) {
    this.bytes = bytes;
    this.decode = decode;
  }
}

interface Definition {
  readonly methods: {
    readonly [name: string]: { readonly requestType: { decode(bytes: Uint8Array): unknown } };
  };
}

/**
 * A service definition that leaves the decoding of requests to {@link decodeRequest}. grpc-js would decode whatever arrives in one piece,
 * also messages behind the only one that a method takes, and would answer what it cannot decode with INTERNAL, as if the service had failed.
 */
export function decodeLater<Service extends Definition>(service: Service): Service {
  const methods = Object.entries(service.methods).map(([name, { requestType, ...method }]) => {
    const decode = (bytes: Uint8Array) => new ArrivedRequest(bytes.length, () => requestType.decode(bytes));
    return [name, { ...method, requestType: { ...requestType, decode } }] as const;
  });
  return { ...service, methods: Object.fromEntries(methods) };
}

/**
 * Decodes a request to a service of {@link decodeLater}.
 *
 * @param charge - is called with its size, and may refuse to have it decoded.
 * @throws DispatchError INVALID_ARGUMENT when it cannot be decoded.
 */
export function decodeRequest<Request>(request: Request, charge: (bytes: number) => void): Request {
  if (!(request instanceof ArrivedRequest)) return request;
  charge(request.bytes);
  try {
    return request.decode() as Request;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DispatchError('INVALID_ARGUMENT', `the request cannot be decoded: ${reason}`);
  }
}
