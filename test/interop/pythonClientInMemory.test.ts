import { describeClient } from './clientCases/client.js';
import { describeInMemory } from './databases.js';

describeInMemory('a Python client of our service that keeps dispatches', describeClient);
