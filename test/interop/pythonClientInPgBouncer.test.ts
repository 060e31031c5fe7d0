import { describeClient } from './clientCases/client.js';
import { describeInPgBouncer } from './databases.js';

describeInPgBouncer('a Python client of our service that keeps dispatches', describeClient);
