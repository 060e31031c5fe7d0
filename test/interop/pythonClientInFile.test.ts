import { describeClient } from './clientCases/client.js';
import { describeInFile } from './databases.js';

describeInFile('a Python client of our service that keeps dispatches', describeClient);
