import { port, variable } from '@ordinal/config'

/** The variables of serving gRPC. */
export function grpcVariables(service: string, defaults: { port: number }) {
  return {
    grpcPort: variable(`${service}_GRPC_PORT`, port(), {
      description: 'gRPC port',
      default: defaults.port,
    }),
  }
}
