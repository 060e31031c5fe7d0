// Each from its own file: the package as a whole has what servers use, which a bundler cannot leave out.
export { ClientError } from 'nice-grpc-common/lib/client/ClientError.js';
/** @public nice-grpc-web uses it in the browser's entry, which test/package/bundleFolders.ts puts together. */
export { composeClientMiddleware } from 'nice-grpc-common/lib/client/composeClientMiddleware.js';
export { Metadata } from 'nice-grpc-common/lib/Metadata.js';
export { Status } from 'nice-grpc-common/lib/Status.js';
