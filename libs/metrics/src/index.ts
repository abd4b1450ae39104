export { createMetrics, type Metrics, type ServedRequest } from './metrics'
