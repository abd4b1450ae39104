export { idOfKey, newApiKey, type NewApiKey } from './key-text'
export { createKnownKeys, type KeyRecord, type KeyUse, type KnownKeys } from './known-keys'
export { managedKeyVariables } from './variables'
