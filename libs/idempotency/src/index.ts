export { eraseAnswersFrom } from './erased'
export { fingerprintOf, idempotencyKeyOf, type IdempotencyKey } from './idempotency-key'
export { createKeySweeper, keyRetentionVariables } from './key-retention'
export { createLeaseReturns, type LeaseReturns } from './lease-returns'
export { once } from './once'
export {
  beginRequest,
  beginRequestsFrom,
  createRequestFinder,
  endLeases,
  findRequest,
  finishRequests,
  finishRequestsFrom,
} from './requests'
