import list from '../../../services.json'

/** A service, as services.json lists it. */
export interface ListedService {
  /** Its folder in apps/. */
  name: string
  title: string
  /** What the client calls it: the name of its address, of its OpenAPI document and of the types made from that. */
  client: string
  port: number
  /** Undefined if it has no gRPC. */
  grpcPort?: number
  debugPort: number
  database: string
  /** The role that owns the database, if the service itself runs as one that does not. */
  databaseOwner?: string
  /** The services that it calls. */
  calls?: string[]
  /** Scopes of its API key. For the order service, `ORD` stands for the sequence in ORDER_SERVICE_SEQUENCE. */
  scopes?: string[]
  /** Whether it knows the API keys that administrators make at the sequencer. */
  followsKeys?: boolean
}

export const listedServices: readonly ListedService[] = list

/** What the names of a service's variables begin with: `USER_SERVICE` for user-service. */
export const variablesOf = (name: string) => name.toUpperCase().replaceAll('-', '_')

/** The database role that a service runs as: `user_service` for user-service. */
export const roleOf = (name: string) => name.replaceAll('-', '_')
