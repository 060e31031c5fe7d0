import { describeClient } from './clientCases/client.js';
import { describeInPostgres } from './databases.js';

describeInPostgres('a Python client of our service that keeps dispatches', describeClient);
