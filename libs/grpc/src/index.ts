export { grpcVariables } from './grpc-variables'
export { loadProtos } from './load-protos'
export { grpcMethod, type GrpcCall, type GrpcReply } from './method'
export { grpcServer, type GrpcService } from './server'
