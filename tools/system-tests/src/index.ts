export { ask, createUser, eventually, orderOf, placeOrder } from './calls'
export { forget, remember } from './logs'
export { root } from './service'
export { API_KEYS, apiKey, startSystem, type System } from './system'
