{{/* The services as services.json has them: names, ports, databases, and who calls whom. */}}
{{- define "ordinal.services" -}}
{{- $list := list }}
{{- range .Files.Get "files/services.json" | fromJsonArray }}
{{- $ports := list (dict "name" "http" "port" (int .port)) }}
{{- with .grpcPort }}{{ $ports = append $ports (dict "name" "grpc" "port" (int .)) }}{{ end }}
{{- $list = append $list (merge (dict "ports" $ports "prefix" (.name | upper | replace "-" "_") "role" (.name | replace "-" "_")) .) }}
{{- end }}
{{- $list | toJson }}
{{- end }}

{{- define "ordinal.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if .Values.fullnameOverride }}{{ .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else }}{{ printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{/* What selects the pods of this release. */}}
{{- define "ordinal.selector" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "ordinal.labels" -}}
{{ include "ordinal.selector" . }}
app.kubernetes.io/part-of: ordinal
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{/* A component of this release: (dict "root" $ "component" "sequencer"). */}}
{{- define "ordinal.componentSelector" -}}
{{ include "ordinal.selector" .root }}
app.kubernetes.io/component: {{ .component }}
{{- end }}
{{- define "ordinal.componentLabels" -}}
{{ include "ordinal.labels" .root }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* The image of a service: (dict "root" $ "values" …). */}}
{{- define "ordinal.image" -}}
{{- $image := .values.image.repository }}
{{- with .root.Values.image.registry }}{{ $image = printf "%s/%s" (trimSuffix "/" .) $image }}{{ end }}
{{- if .values.image.digest }}{{ printf "%s@%s" $image .values.image.digest }}
{{- else }}{{ printf "%s:%s" $image (.root.Values.image.tag | default .root.Chart.AppVersion) }}
{{- end }}
{{- end }}

{{- define "ordinal.pullSecrets" -}}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end }}

{{/* Pod Security "restricted", and no service account's token. */}}
{{- define "ordinal.podSecurity" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .user }}
  runAsGroup: {{ .user }}
  fsGroup: {{ .user }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: { type: RuntimeDefault }
{{- end }}
{{- define "ordinal.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  privileged: false
  readOnlyRootFilesystem: true
  runAsNonRoot: true
  capabilities: { drop: [ALL] }
  seccompProfile: { type: RuntimeDefault }
{{- end }}

{{/*
The secrets of a service as JSON: variable, and the Secret and key that have it. In an evaluation they are the chart's own.
(dict "root" $ "service" … "values" … "purpose" "serve" or "migrate")
*/}}
{{- define "ordinal.secrets" -}}
{{- $own := printf "%s-evaluation" (include "ordinal.fullname" .root) }}
{{- $evaluation := .root.Values.evaluation.enabled }}
{{- $name := .service.name }}
{{- $prefix := .service.prefix }}
{{- $all := dict }}
{{- $_ := set $all (printf "%s_DATABASE_URL" $prefix) (list .values.database.existingSecret .values.database.key (printf "%s-database-url" $name)) }}
{{- if or (eq .purpose "migrate") (and $evaluation .service.databaseOwner) }}
{{- $_ := set $all (printf "%s_MIGRATION_DATABASE_URL" $prefix) (list .values.database.owner.existingSecret .values.database.owner.key (printf "%s-owner-database-url" $name)) }}
{{- end }}
{{- if eq .purpose "serve" }}
{{- $_ := set $all "JWT_SECRET" (list .root.Values.auth.jwtSecret.existingSecret .root.Values.auth.jwtSecret.key "jwt-secret") }}
{{- $_ := set $all "API_KEYS" (list .root.Values.auth.apiKeys.existingSecret .root.Values.auth.apiKeys.key "api-keys") }}
{{- with .root.Values.redis }}{{ $_ := set $all "REDIS_URL" (list .existingSecret .key "") }}{{ end }}
{{- with .root.Values.tracing.headers }}{{ $_ := set $all "OTEL_EXPORTER_OTLP_HEADERS" (list .existingSecret .key "") }}{{ end }}
{{- with .values.apiKey }}{{ $_ := set $all (printf "%s_API_KEY" $prefix) (list .existingSecret .key (printf "%s-api-key" $name)) }}{{ end }}
{{- with .values.signingKey }}{{ $_ := set $all (printf "%s_SIGNING_KEY" $prefix) (list .existingSecret .key "") }}{{ end }}
{{- with .values.webhookKeys }}{{ $_ := set $all (printf "%s_WEBHOOK_KEYS" $prefix) (list .existingSecret .key "") }}{{ end }}
{{- end }}
{{- $list := list }}
{{- range $variable, $where := $all }}
{{- $secret := index $where 0 }}{{ $key := index $where 1 }}{{ $ownKey := index $where 2 }}
{{- if $secret }}{{ $list = append $list (dict "variable" $variable "secret" $secret "key" $key) }}
{{- else if and $evaluation $ownKey }}{{ $list = append $list (dict "variable" $variable "secret" $own "key" $ownKey) }}
{{- end }}
{{- end }}
{{- $list | toJson }}
{{- end }}

{{/* A file of a secret: JWT_SECRET is in jwt-secret. */}}
{{- define "ordinal.secretFile" -}}
{{ . | lower | replace "_" "-" }}
{{- end }}

{{- define "ordinal.secretVariables" -}}
{{- range include "ordinal.secrets" . | fromJsonArray }}
- name: {{ .variable }}_FILE
  value: /run/secrets/ordinal/{{ include "ordinal.secretFile" .variable }}
{{- end }}
{{- end }}

{{- define "ordinal.secretVolumes" -}}
- name: secrets
  projected:
    defaultMode: 288 # 0440, which versions of YAML read differently
    sources:
      {{- range include "ordinal.secrets" . | fromJsonArray }}
      - secret:
          name: {{ .secret }}
          items:
            - key: {{ .key }}
              path: {{ include "ordinal.secretFile" .variable }}
      {{- end }}
{{- with .values.database.ca }}
{{- if .existingSecret }}
- name: database-ca
  secret:
    secretName: {{ .existingSecret }}
    defaultMode: 288 # 0440, which versions of YAML read differently
    items:
      - key: {{ .key }}
        path: ca.crt
{{- else if .existingConfigMap }}
- name: database-ca
  configMap:
    name: {{ .existingConfigMap }}
    defaultMode: 288 # 0440, which versions of YAML read differently
    items:
      - key: {{ .key }}
        path: ca.crt
{{- end }}
{{- end }}
{{- end }}

{{- define "ordinal.secretMounts" -}}
- name: secrets
  mountPath: /run/secrets/ordinal
  readOnly: true
{{- if or .values.database.ca.existingSecret .values.database.ca.existingConfigMap }}
- name: database-ca
  mountPath: /run/database-ca
  readOnly: true
{{- end }}
{{- end }}

{{/* How a service is called by another one: (dict "root" $ "name" "sequencer"). */}}
{{- define "ordinal.urlOf" -}}
{{- range include "ordinal.services" .root | fromJsonArray }}
{{- if eq .name $.name }}{{ ternary "https" "http" $.root.Values.tls.enabled }}://{{ include "ordinal.fullname" $.root }}-{{ .name }}:{{ int .port }}{{ end }}
{{- end }}
{{- end }}

{{/* The names that clients may call the services by, separated by commas. */}}
{{- define "ordinal.allowedHosts" -}}
{{- $hosts := .Values.allowedHosts }}
{{- if or .Values.ingress.enabled .Values.gateway.enabled }}
{{- range .Values.services }}{{ $hosts = concat $hosts .hostnames }}{{ end }}
{{- end }}
{{- $hosts | uniq | sortAlpha | join "," }}
{{- end }}

{{/* Where a browser reaches a service: (dict "root" $ "name" "user-service"). Nothing if it has no host name. */}}
{{- define "ordinal.publicUrl" -}}
{{- $values := index .root.Values.services .name }}
{{- if and $values.hostnames (or .root.Values.gateway.enabled .root.Values.ingress.enabled) }}https://{{ first $values.hostnames }}{{ end }}
{{- end }}

{{/* Origins whose pages may call a service. The console's own service is of its origin. */}}
{{- define "ordinal.corsOrigins" -}}
{{- $origins := .root.Values.corsOrigins }}
{{- $console := include "ordinal.publicUrl" (dict "root" .root "name" "sequencer") }}
{{- if and .root.Values.console.enabled $console (ne .name "sequencer") }}{{ $origins = append $origins $console | uniq }}{{ end }}
{{- $origins | join "," }}
{{- end }}

{{/* The port of a URL. */}}
{{- define "ordinal.portOf" -}}
{{- $url := urlParse . }}
{{- $port := regexFind "[0-9]+$" (regexFind ":[0-9]+$" $url.host) }}
{{- $port | default (ternary "443" "80" (eq $url.scheme "https")) }}
{{- end }}

{{/* The seconds from the beginning of a pod's end to its kill: above all that may pass until the process has ended. */}}
{{- define "ordinal.graceSeconds" -}}
{{ add .Values.shutdown.preStopSeconds .Values.shutdown.drainSeconds .Values.shutdown.timeoutSeconds 5 }}
{{- end }}

{{/* A secret of the evaluation, derived from its seed: (dict "root" $ "of" "jwt"). */}}
{{- define "ordinal.derived" -}}
{{ printf "%s:%s:%s" .root.Release.Name .of .root.Values.evaluation.seed | sha256sum }}
{{- end }}

{{/* A value as it is written in the environment: 1000000, and not 1e+06. */}}
{{- define "ordinal.written" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) }}{{ int64 . }}{{ else }}{{ . }}{{ end }}
{{- end }}

{{/* The sequence that orders get their numbers from. */}}
{{- define "ordinal.sequenceOfOrders" -}}
{{ include "ordinal.written" (index .Values.services "order-service" "env" "ORDER_SERVICE_SEQUENCE" | default "ORD") }}
{{- end }}
