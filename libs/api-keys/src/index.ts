export { followKeys, type KeyFollower } from './follow'
export { idOfKey, newApiKey, type NewApiKey } from './key-text'
export { createKnownKeys, type KeyRecord, type KeyUse, type KnownKeys } from './known-keys'
export { faultsOfFollowing, followedKeyVariables, managedKeyVariables } from './variables'
