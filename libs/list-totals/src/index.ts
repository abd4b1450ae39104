export { createCountFolder, foldCounts } from './folder'
export { totalOf } from './total'
