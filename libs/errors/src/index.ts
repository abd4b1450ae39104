export { AppError, type AppErrorOptions, type FieldError } from './app-error'
export { grpcStatusOf, type GrpcStatus } from './grpc-status'
export { problemMediaType, toProblem, type Problem } from './problem'
export { errorTable, isErrorCode, type ErrorCode, type ErrorKind } from './table'
