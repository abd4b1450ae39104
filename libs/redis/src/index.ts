export { connectRedis, orReconnect } from './connection'
