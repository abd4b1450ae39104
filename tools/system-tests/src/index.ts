export { ask, createUser, eventually, orderOf, placeOrder } from './calls'
export { forget, remember } from './logs'
export { root } from './service'
export { startSystem, type System } from './system'
