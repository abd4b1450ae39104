import type { Addresses } from '@ordinal/client'
import list from '../../../services.json'

/** The services, each with what the client calls it. */
export const services = list.map((service) => ({ ...service, client: service.client as keyof Addresses }))

export type Service = (typeof services)[number]

/** The option of `ordinal profile` for the address of one: `--price-list`, which commander reads as `priceList`. */
export const urlOptionOf = ({ client }: { client: string }) => `--${kebabOf(client)}`

/** The variable that overrides the address of one in a profile: `ORDINAL_PRICE_LIST_URL`. */
export const urlVariableOf = ({ client }: { client: string }) =>
  `ORDINAL_${kebabOf(client).replaceAll('-', '_').toUpperCase()}_URL`

const kebabOf = (camel: string) => camel.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
