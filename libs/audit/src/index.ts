export { leafOfHead, type Head, type TreeCheckpoint } from './checkpoint'
export { commonText, type Run } from './common-text'
export { compareCheckpoint, type Cut } from './compare-checkpoint'
export { collectFindings, findingKinds, type FindingKind, type Findings } from './findings'
export { createTree } from './merkle'
export { formatNumber, type Frame } from './number'
export {
  type BatchRecord,
  type CounterRecord,
  type EndRecord,
  type EntryRecord,
  type ExportRecord,
  type RegisteredRecord,
  type RegisterRecord,
  type StrayRecord,
} from './records'
export {
  requestFields,
  typeOf,
  type RequestColumns,
  type RequestField,
  type RequestFields,
} from './request-fields'
export {
  gapPolicies,
  nextState,
  numberEvents,
  numberStates,
  type GapPolicy,
  type NumberEvent,
  type NumberState,
} from './states'
export { createLedgerVerifier } from './verify-ledger'
export * from './offline'
export { publicJwk, readSigningKey, signCheckpoint } from './signing'
export { isSlotOfSomeDate, slotOf } from './slot'
export { verifyRegister } from './verify-register'
export { type Step } from './wrong-rows'
