import type { KubernetesObject, Part } from './chart'

export interface Container {
  name: string
  image: string
  command?: string[]
  ports?: { name: string; containerPort: number }[]
  env: { name: string; value?: string; valueFrom?: unknown }[]
  securityContext: Part
  resources: { requests: Record<string, string>; limits: Record<string, string> }
  volumeMounts: { name: string; mountPath: string }[]
  startupProbe?: Part
  readinessProbe?: Part
  livenessProbe?: Part
  lifecycle?: Part
}

/** The pods that a workload makes. */
export interface Pod {
  workload: KubernetesObject
  labels: Record<string, string>
  spec: Part
  containers: Container[]
}

/** All pods of the objects: those of Deployments, StatefulSets and Jobs. */
export const podsOf = (objects: readonly KubernetesObject[]): Pod[] =>
  objects.flatMap((workload) => {
    const template = workload.spec?.template
    if (!template?.spec?.containers) return []
    const { containers, initContainers = [] } = template.spec
    return {
      workload,
      labels: template.metadata.labels,
      spec: template.spec,
      containers: [...initContainers, ...containers],
    }
  })

/** What Pod Security "restricted" forbids in a pod, a line each; and, beyond it, what this chart promises. */
export function faultsOfSecurity({ workload, spec, containers }: Pod): string[] {
  const where = `${workload.kind} ${workload.metadata.name}`
  const forbidden: [boolean, string][] = [
    [Boolean(spec.hostNetwork || spec.hostPID || spec.hostIPC), 'a namespace of the host'],
    [spec.securityContext?.runAsNonRoot !== true, 'runAsNonRoot is not true'],
    [spec.securityContext?.runAsUser === 0, 'root'],
    [spec.securityContext?.seccompProfile?.type !== 'RuntimeDefault', 'no seccomp profile'],
    [(spec.securityContext?.sysctls ?? []).length > 0, 'sysctls'],
    [spec.automountServiceAccountToken !== false, 'a token of a service account'],
    [spec.enableServiceLinks !== false, 'links to services'],
    ...(spec.volumes ?? []).map((volume: object): [boolean, string] => {
      const [type] = Object.keys(volume).filter((key) => key !== 'name')
      const allowed = [
        'configMap',
        'csi',
        'downwardAPI',
        'emptyDir',
        'ephemeral',
        'persistentVolumeClaim',
        'projected',
        'secret',
      ]
      return [!allowed.includes(type!), `a volume of type ${type}`]
    }),
    ...containers.flatMap(
      ({ name, securityContext: context = {}, resources, ports = [] }): [boolean, string][] => [
        [context.privileged === true, `${name} is privileged`],
        [context.allowPrivilegeEscalation !== false, `${name} may escalate its privileges`],
        [
          context.capabilities?.drop?.[0] !== 'ALL' || Boolean(context.capabilities?.add),
          `${name} has capabilities`,
        ],
        [context.runAsNonRoot !== true || context.runAsUser === 0, `${name} may run as root`],
        [context.seccompProfile?.type !== 'RuntimeDefault', `${name} has no seccomp profile`],
        [context.readOnlyRootFilesystem !== true, `${name} may write to its root file system`],
        [
          Boolean(context.procMount) || Boolean(context.seLinuxOptions),
          `${name} has a procMount or SELinux options`,
        ],
        [ports.some((port) => 'hostPort' in port), `${name} has a port of the host`],
        [
          !resources?.requests?.cpu || !resources.requests.memory || !resources.limits?.memory,
          `${name} has no bounds`,
        ],
      ],
    ),
  ]
  return forbidden.flatMap(([is, what]) => (is ? [`${where}: ${what}`] : []))
}
