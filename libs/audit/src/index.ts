export { batchHeader, requestDigest, type ChainedRequest } from './chain'
export {
  CheckpointError,
  publicJwk,
  readCheckpoint,
  readSigningKey,
  signCheckpoint,
  type Checkpoint,
  type Head,
} from './checkpoint'
export { compareHead } from './compare-head'
export { collectFindings, type Finding, type FindingKind, type Findings } from './findings'
export { formatNumber, type Frame } from './number'
export {
  zeroHash,
  type BatchRecord,
  type CounterRecord,
  type EndRecord,
  type EntryRecord,
  type ExportRecord,
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
export { createChainVerifier, type Step } from './verify-chain'
export { ExportError, verifyExport, type ExportReport } from './verify-export'
