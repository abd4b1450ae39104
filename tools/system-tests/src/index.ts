export { ask, createUser, creationsOf, eventually, orderOf, placeOrder } from './calls'
export { forget, remember } from './logs'
export { listedServices, root } from './service'
export { API_KEYS, apiKey, startSystem, type System } from './system'
