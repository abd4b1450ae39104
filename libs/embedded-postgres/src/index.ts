export { chooseAccount } from './account'
export {
  findEmbeddedPostgres,
  startEmbeddedPostgres,
  type EmbeddedPostgres,
  type StartOptions,
} from './start'
export { removeEmbeddedPostgres, stopEmbeddedPostgres } from './stop'
