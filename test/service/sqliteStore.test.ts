import { mkdtempSync } from 'node:fs';
import { openSqliteStore } from '../../src/service/sql/openSqliteStore.js';
import { describeStore } from './storeConformance.js';

describeStore('openSqliteStore', nowUs => openSqliteStore(`${mkdtempSync('/tmp/service/t-')}/x.db`, { nowUs }));
