import type { Addresses } from '@ordinal/client'
import list from '../../../services.json'

/** The services, each with what the client calls it. */
export const services = list.map((service) => ({ ...service, client: service.client as keyof Addresses }))

export type Service = (typeof services)[number]

/** The variable that overrides the address of one in a profile: `ORDINAL_USERS_URL`. */
export const urlVariableOf = ({ client }: Service) => `ORDINAL_${client.toUpperCase()}_URL`
