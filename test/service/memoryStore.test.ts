import { memoryStore } from '../../src/service/memoryStore.js';
import { describeStore } from './storeConformance.js';

describeStore('memoryStore', nowUs => memoryStore({ nowUs }));
