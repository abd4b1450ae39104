/**
 * What verifies an export with nothing but itself and what somebody has kept. It runs in browsers as well, where `node:buffer`
 * and the `hash` of `node:crypto` are other ones.
 */
export { CheckpointError, readCheckpoint, type Checkpoint } from './checkpoint'
export { type Finding } from './findings'
export { csvCell, csvHeader, csvLine } from './csv'
export { checkpointsIn, keyIdOf, readPublicKeys, type PublicJwk } from './public-keys'
export { ExportError, verifyExport, type ExportReport } from './verify-export'
