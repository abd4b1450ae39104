export { createConnectionMetrics, type ConnectionMetrics } from './connections'
export { createGrpcMetrics, type GrpcMetrics, type ServedCall } from './grpc'
export { createMetrics, type Metrics, type ServedRequest } from './metrics'
