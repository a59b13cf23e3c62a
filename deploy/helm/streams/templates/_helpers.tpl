{{- define "streams.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Labels that select: they never change. Call with (dict "root" $ "component" "worker"). */}}
{{- define "streams.selector" -}}
app.kubernetes.io/name: {{ default .root.Chart.Name .root.Values.nameOverride }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "streams.labels" -}}
{{ include "streams.selector" . }}
app.kubernetes.io/part-of: streams
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{- define "streams.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{- define "streams.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{ .Values.serviceAccount.name | default (include "streams.fullname" .) }}
{{- else -}}
{{ .Values.serviceAccount.name | default "default" }}
{{- end -}}
{{- end -}}

{{/* What every pod has in common. Secrets are files, but for a whole Redis URL, which is a variable. */}}
{{- define "streams.podSettings" -}}
serviceAccountName: {{ include "streams.serviceAccountName" . }}
automountServiceAccountToken: false
# Without it a Service named streams gives each pod variables such as STREAMS_PORT, which Streams refuses as settings it does not know.
enableServiceLinks: false
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile:
    type: RuntimeDefault
{{- end -}}

{{- define "streams.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* The settings of workers and of the API. */}}
{{- define "streams.env" -}}
{{ include "streams.kafkaEnv" . }}
{{ include "streams.redisEnv" . }}
{{- include "streams.givenEnv" . }}
{{- end -}}

{{- define "streams.kafkaEnv" -}}
{{- $kafka := .Values.kafka -}}
- name: STREAMS_KAFKA_URL
  value: {{ $kafka.bootstrapServers | quote }}
- name: STREAMS_TOPIC_PREFIX
  value: {{ $kafka.topicPrefix | quote }}
- name: STREAMS_APP_ID
  value: {{ $kafka.consumerGroup | quote }}
- name: STREAMS_PARTITIONS
  value: {{ $kafka.partitions | quote }}
- name: STREAMS_REPLICATION
  value: {{ $kafka.replication | quote }}
{{- if ne $kafka.security "plaintext" }}
- name: STREAMS_KAFKA_SECURITY
  value: {{ $kafka.security | quote }}
{{- end }}
{{- with $kafka.saslMechanism }}
- name: STREAMS_KAFKA_SASL_MECHANISM
  value: {{ . | quote }}
{{- end }}
{{- with $kafka.saslUser }}
- name: STREAMS_KAFKA_SASL_USER
  value: {{ . | quote }}
{{- end }}
{{- with $kafka.passwordSecret.name }}
- name: STREAMS_KAFKA_SASL_PASSWORD_FILE
  value: /etc/streams/kafka-password/password
{{- end }}
{{- include "streams.tlsEnv" (dict "server" "kafka" "secret" $kafka.tlsSecret) }}
{{- end -}}

{{- define "streams.redisEnv" -}}
{{- $redis := .Values.redis -}}
{{- if $redis.urlSecret.name -}}
- name: STREAMS_REDIS_URL
  valueFrom:
    secretKeyRef:
      name: {{ $redis.urlSecret.name }}
      key: {{ $redis.urlSecret.key }}
{{- else -}}
- name: STREAMS_REDIS_URL
  value: {{ $redis.url | quote }}
{{- end }}
- name: STREAMS_REDIS_CLUSTER
  value: {{ $redis.cluster | quote }}
- name: STREAMS_REDIS_REPLICAS
  value: {{ $redis.replicas | quote }}
{{- with $redis.user }}
- name: STREAMS_REDIS_USER
  value: {{ . | quote }}
{{- end }}
{{- with $redis.passwordSecret.name }}
- name: STREAMS_REDIS_PASSWORD_FILE
  value: /etc/streams/redis-password/password
{{- end }}
{{- include "streams.tlsEnv" (dict "server" "redis" "secret" $redis.tlsSecret) }}
{{- end -}}

{{/* The token of the metrics, and settings and environment as the user gives them. */}}
{{- define "streams.givenEnv" -}}
{{- with .Values.http.tokenSecret.name }}
- name: STREAMS_HTTP_TOKEN_FILE
  value: /etc/streams/http-token/token
{{- end }}
{{- range $name, $value := .Values.settings }}
- name: {{ $name }}
  value: {{ $value | toString | quote }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* What the API needs beside the settings that it shares with the workers. */}}
{{- define "streams.serveEnv" -}}
{{- $service := printf "%s-serve" (include "streams.fullname" .) -}}
{{- $inNamespace := printf "%s.%s" $service .Release.Namespace -}}
{{- $names := list $service $inNamespace (printf "%s.svc" $inNamespace) (printf "%s.svc.cluster.local" $inNamespace) -}}
- name: STREAMS_SERVE_HOST
  value: 0.0.0.0
- name: STREAMS_SERVE_PORT
  value: {{ .Values.serve.port | quote }}
- name: STREAMS_SERVE_ALLOWED_HOSTS
  value: {{ concat $names .Values.serve.allowedHosts | join "," | quote }}
- name: STREAMS_SERVE_DATA
  value: /var/lib/streams
- name: STREAMS_SERVE_TOKENS_FILE
  value: /etc/streams/serve-tokens/tokens
{{- if .Values.serve.sessionKeySecret.name }}
- name: STREAMS_SERVE_SESSION_KEY_FILE
  value: /etc/streams/serve-session-key/key
{{- end }}
{{- if .Values.serve.webhooksSecret.name }}
- name: STREAMS_WEBHOOKS_FILE
  value: /etc/streams/webhooks/{{ .Values.serve.webhooksSecret.key }}
{{- end }}
{{- end -}}

{{- define "streams.tlsEnv" -}}
{{- if .secret.name }}
{{- $server := .server }}
{{- range $file := list "ca" "cert" "key" }}
{{- if index $.secret $file }}
- name: STREAMS_{{ upper $server }}_{{ upper $file }}_FILE
  value: /etc/streams/{{ $server }}-tls/{{ $file }}.pem
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{/* A harvester by (dict "root" $ "feed" FEED): the address of Kafka and none of Redis. */}}
{{- define "streams.harvestEnv" -}}
{{ include "streams.kafkaEnv" .root }}
{{- include "streams.givenEnv" .root }}
- name: STREAMS_HARVEST_CONTACT
  value: {{ .root.Values.harvest.contact | quote }}
- name: STREAMS_HARVEST_PORT
  value: "6067"
{{- if (.feed.keySecret | default dict).name }}
- name: STREAMS_{{ .feed.source | upper | replace "-" "_" }}_KEY_FILE
  value: /etc/streams/harvest-key/key
{{- end }}
{{- end -}}

{{- define "streams.volumeMounts" -}}
{{ include "streams.volumeMountsOf" (dict "root" . "servers" (list "kafka" "redis")) }}
{{- end -}}

{{- define "streams.volumes" -}}
{{ include "streams.volumesOf" (dict "root" . "servers" (list "kafka" "redis")) }}
{{- end -}}

{{/* Files of the secrets of some servers. */}}
{{- define "streams.volumeMountsOf" -}}
{{- $root := .root -}}
- name: tmp
  mountPath: /tmp
{{- if $root.Values.http.tokenSecret.name }}
- name: http-token
  mountPath: /etc/streams/http-token
  readOnly: true
{{- end }}
{{- range $server := .servers }}
{{- $given := index $root.Values $server }}
{{- if $given.passwordSecret.name }}
- name: {{ $server }}-password
  mountPath: /etc/streams/{{ $server }}-password
  readOnly: true
{{- end }}
{{- if $given.tlsSecret.name }}
- name: {{ $server }}-tls
  mountPath: /etc/streams/{{ $server }}-tls
  readOnly: true
{{- end }}
{{- end }}
{{- end -}}

{{- define "streams.volumesOf" -}}
{{- $root := .root -}}
# The only place that is written to: a worker needs a temporary folder, and leaves it empty.
- name: tmp
  emptyDir:
    sizeLimit: 64Mi
{{- with $root.Values.http.tokenSecret }}
{{- if .name }}
- name: http-token
  secret:
    secretName: {{ .name }}
    defaultMode: 0440
    items:
      - key: {{ .key }}
        path: token
{{- end }}
{{- end }}
{{- range $server := .servers }}
{{- $given := index $root.Values $server }}
{{- with $given.passwordSecret }}
{{- if .name }}
- name: {{ $server }}-password
  secret:
    secretName: {{ .name }}
    defaultMode: 0440
    items:
      - key: {{ .key }}
        path: password
{{- end }}
{{- end }}
{{- with $given.tlsSecret }}
{{- if .name }}
- name: {{ $server }}-tls
  secret:
    secretName: {{ .name }}
    defaultMode: 0440
    items:
      {{- $secret := . }}
      {{- range $file := list "ca" "cert" "key" }}
      {{- with index $secret $file }}
      - key: {{ . }}
        path: {{ $file }}.pem
      {{- end }}
      {{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Ports as a list under `ports:`: those given, or those at the ends of the addresses. */}}
{{- define "streams.kafkaPorts" -}}
{{- if .Values.networkPolicy.kafkaPorts -}}
{{- .Values.networkPolicy.kafkaPorts | toJson -}}
{{- else -}}
{{- $ports := list -}}
{{- range splitList "," .Values.kafka.bootstrapServers -}}
{{- $ports = append $ports (regexFind "[0-9]+$" . | int) -}}
{{- end -}}
{{- $ports | uniq | toJson -}}
{{- end -}}
{{- end -}}

{{- define "streams.redisPorts" -}}
{{- if .Values.networkPolicy.redisPorts -}}
{{- .Values.networkPolicy.redisPorts | toJson -}}
{{- else -}}
{{- list (regexFind ":[0-9]+(/|$)" .Values.redis.url | trimPrefix ":" | trimSuffix "/" | default "6379" | int) | toJson -}}
{{- end -}}
{{- end -}}
