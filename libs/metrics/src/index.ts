export { certificateExpiry } from './certificates'
export { createConnectionMetrics, type ConnectionMetrics } from './connections'
export { createGrpcMetrics } from './grpc'
export { createMetrics, type Metrics } from './metrics'
