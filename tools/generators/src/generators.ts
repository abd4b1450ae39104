export { endpoint } from './endpoint/endpoint'
export { library } from './library/library'
export { service } from './service/service'
