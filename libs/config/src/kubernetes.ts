// Kubernetes gives every pod variables for the Services of its namespace, in the style of Docker's links. A
// Service called user-service makes USER_SERVICE_SERVICE_HOST, USER_SERVICE_PORT=tcp://10.0.0.1:8081,
// USER_SERVICE_PORT_8081_TCP_ADDR and more: names that look like ours.

/** Whether a variable holds the address that Kubernetes puts into `<SERVICE>_PORT`. */
export function isServiceLink(name: string, value: string): boolean {
  return name.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(value)
}

/** Whether Kubernetes put this variable there; `name` is without the service's own prefix. */
export function isInjected(name: string, value: string): boolean {
  return (
    isServiceLink(`_${name}`, value) ||
    /(?:^|._)(?:SERVICE_HOST$|(?:SERVICE_PORT|PORT_\d+_(?:TCP|UDP|SCTP))(?:$|_.))/.test(name)
  )
}
