export {
  CheckpointError,
  leafOfHead,
  publicJwk,
  readCheckpoint,
  readSigningKey,
  signCheckpoint,
  type Checkpoint,
  type Head,
  type TreeCheckpoint,
} from './checkpoint'
export { commonText, type Run } from './common-text'
export { compareCheckpoint, type Comparison, type Cut, type Scope } from './compare-checkpoint'
export { collectFindings, findingKinds, type Finding, type FindingKind, type Findings } from './findings'
export { createTree } from './merkle'
export { formatNumber, type Frame } from './number'
export {
  zeroHash,
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
  gapPolicies,
  nextState,
  numberEvents,
  numberStates,
  type GapPolicy,
  type NumberEvent,
  type NumberState,
} from './states'
export { ExportError, verifyExport, type ExportReport } from './verify-export'
export { createLedgerVerifier } from './verify-ledger'
export { isSlotOfSomeDate, slotOf } from './slot'
export { verifyRegister, type Register } from './verify-register'
export { type Step } from './wrong-rows'
