export { asStatements, createBatcher, oneByOne, type Batcher, type BatcherOptions } from './batcher'
export { groupReads } from './group-reads'
