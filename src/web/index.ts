/** @module xstate-dispatch/web */

export type { DispatchInfo, ManagedActorEvent } from '../../machines/manage/dispatchInfo.js';
export type { LogicOfDispatch } from '../../machines/manage/managedActors.js';
export type { ManagingOptions } from '../../machines/manage/managingOptions.js';
export type { MergeStrategy } from '../../machines/manage/mergeStrategy.js';
export { mergeByType, mergeByTypeAndSelector, mergeForComponent } from '../../machines/manage/mergeStrategy.js';
export type { TypeFilter } from '../../machines/manage/typeFilter.js';
export type { Clock } from '../../machines/protocol/clock.js';
export type { SyncState, SyncStatus } from '../../machines/protocol/dispatcherOutput.js';
export type { DispatcherStore } from '../../machines/protocol/dispatcherStore.js';
export type { Transport } from '../../machines/protocol/transport.js';
export type { RetryOptions, Waiting } from '../client/attempts.js';
export type { AuditEntry, AuditFilter, AuditOptions, CallerRights, FollowAuditOptions } from '../client/audit.js';
export type { Credentials, CredentialsOptions, CredentialsProvider } from '../client/credentials.js';

export { MicrogridClient } from '../client/microgridClient.js';
export type { ListPagesOptions } from '../client/microgridReader.js';
export { dispatchFromProtobuf, dispatchToProtobuf } from '../client/protobuf.js';
export type { RecordWatch, WatchRecordsOptions } from '../client/recordWatch.js';
export type { DispatchChanges, ListOptions, NewDispatch } from '../client/requests.js';
export type { CallSignal, WriteOptions } from '../client/serviceCalls.js';
export type { InMicrogrid, OfDispatch } from '../client/serviceClient.js';
export type { StreamHeader } from '../client/streamPositions.js';
export type { Created, Deleted, DispatchEvent, DispatchOptions, RunningStateChange, Updated } from '../dispatch.js';
export { Dispatch, RunningState } from '../dispatch.js';
export type { Channel } from '../dispatcher/channel.js';
export type { RunningStatusOptions } from '../dispatcher/channels.js';
export { clientTransport } from '../dispatcher/clientTransport.js';
export type { MissedRuns } from '../dispatcher/conversions.js';
export type { DispatcherEvents, OwnTransport } from '../dispatcher/dispatcherOptions.js';
export type { DispatcherState, DispatcherStatus } from '../dispatcher/dispatcherStatus.js';
export type { ListenerOptions } from '../dispatcher/listeners.js';
export type { RunningStateOptions } from '../dispatcher/mergedReceivers.js';
export type { Receiver, ReceiverOptions } from '../dispatcher/receiver.js';
export { systemClock } from '../dispatcher/systemClock.js';
export type { Logger } from '../logger.js';
export { silentLogger } from '../logger.js';
export type {
  DispatchErrorCode,
  DispatchErrorDetails,
  DispatchErrorJson,
  FieldViolation,
} from '../model/dispatchError.js';
export { DispatchError } from '../model/dispatchError.js';
export type { DispatchRecord, JsonObject, JsonValue } from '../model/dispatchRecord.js';
export type { Occurrences } from '../model/recurrence/recurrence.js';
export { occurrences } from '../model/recurrence/recurrence.js';
export type { Frequency, RecurrenceRule, Weekday } from '../model/recurrence/recurrenceRule.js';
export { ruleFromRfc5545, ruleToRfc5545 } from '../model/recurrence/ruleRfc5545.js';
export { ruleToText } from '../model/recurrence/ruleText.js';
export type { ZonedRule } from '../model/recurrence/zonedRules.js';
export { zonedRules } from '../model/recurrence/zonedRules.js';
export type { Run } from '../model/schedule.js';
export type {
  BatteryType,
  CategorySelector,
  Component,
  ComponentCategory,
  EvChargerType,
  InverterType,
  Selector,
} from '../model/selector.js';
export { selects } from '../model/selector.js';
export type { DispatchClientOptions } from './dispatchClient.js';
export { DispatchClient } from './dispatchClient.js';
export type { DispatcherOptions } from './dispatcher.js';
export { Dispatcher } from './dispatcher.js';
export type { DispatcherActorsOptions } from './dispatcherActors.js';
export { dispatcherActors } from './dispatcherActors.js';
export type { ServiceConnection } from './httpConnection.js';
export { indexedDbStore } from './indexedDbStore.js';
