export { eraseAnswersFrom } from './erased'
export { fingerprintOf, idempotencyKeyOf, type IdempotencyKey } from './idempotency-key'
export { createKeySweeper, keyRetentionVariables } from './key-retention'
export { once } from './once'
export {
  beginRequest,
  beginRequestsFrom,
  createRequestFinder,
  endLease,
  findRequest,
  finishRequests,
  finishRequestsFrom,
} from './requests'
