import { memoryStore } from '../../../src/service/store/memory/memoryStore.js';
import { describeStore } from './storeConformance.js';

describeStore('memoryStore', nowUs => memoryStore({ nowUs }));
