{{- define "musubi.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "musubi.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "musubi.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- required "serviceAccount.name: name the account to use, since serviceAccount.create is false" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "musubi.selector" -}}
app.kubernetes.io/name: musubi
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "musubi.labels" -}}
{{ include "musubi.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end -}}

{{/* What the operator needs in the namespaces it watches, and no more: as deploy/rbac has it, which the tests
     hold to what is used. */}}
{{- define "musubi.rules" -}}
- apiGroups: [s3.musubi.dev]
  resources: [buckets]
  verbs: [get, list, watch, patch]
- apiGroups: [dynamodb.musubi.dev]
  resources: [tables]
  verbs: [get, list, watch, patch]
- apiGroups: [s3.musubi.dev]
  resources: [buckets/status]
  verbs: [patch]
- apiGroups: [dynamodb.musubi.dev]
  resources: [tables/status]
  verbs: [patch]
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, create, update, delete]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
- apiGroups: [""]
  resources: [namespaces]
  verbs: [get]
{{- end -}}

{{- define "musubi.subjects" -}}
- kind: ServiceAccount
  name: {{ include "musubi.serviceAccount" . }}
  namespace: {{ .Release.Namespace }}
{{- end -}}

{{/* The settings of `musubi run`, as environment variables. */}}
{{- define "musubi.settings" -}}
MUSUBI_CLUSTER_NAME: {{ required "cluster.name: name this cluster; it goes into the ownership tags in AWS, so keep it when the cluster is rebuilt" .Values.cluster.name | quote }}
MUSUBI_REGION: {{ required "aws.region: the region of objects that name none, such as eu-west-1" .Values.aws.region | quote }}
MUSUBI_LEADER_ELECT: "true"
MUSUBI_LEASE_NAME: {{ include "musubi.fullname" . | quote }}
MUSUBI_CONCURRENCY: {{ .Values.concurrency | quote }}
MUSUBI_RESYNC_INTERVAL_SECONDS: {{ .Values.resyncIntervalSeconds | quote }}
MUSUBI_MIN_RESYNC_INTERVAL_SECONDS: {{ .Values.minResyncIntervalSeconds | quote }}
MUSUBI_LOG_FORMAT: {{ .Values.log.format | quote }}
RUST_LOG: {{ .Values.log.level | quote }}
{{- with .Values.cluster.alsoOwns }}
MUSUBI_ALSO_OWNS: {{ join "," . | quote }}
{{- end }}
{{- with .Values.aws.allowedRegions }}
MUSUBI_ALLOW_REGION: {{ join "," . | quote }}
{{- end }}
{{- with .Values.aws.endpointUrl }}
MUSUBI_AWS_ENDPOINT_URL: {{ . | quote }}
{{- end }}
{{- with .Values.aws.publishedEndpointUrl }}
MUSUBI_PUBLISHED_ENDPOINT_URL: {{ . | quote }}
{{- end }}
{{- if not .Values.aws.instanceMetadata }}
AWS_EC2_METADATA_DISABLED: "true"
{{- end }}
{{- with .Values.watchNamespaces }}
MUSUBI_WATCH_NAMESPACE: {{ join "," . | quote }}
{{- end }}
{{- with .Values.allowAdoption }}
MUSUBI_ALLOW_ADOPTION: {{ join "," . | quote }}
{{- end }}
{{- with .Values.allowForceDelete }}
MUSUBI_ALLOW_FORCE_DELETE: {{ join "," . | quote }}
{{- end }}
{{- with .Values.allowReferences }}
MUSUBI_ALLOW_REFERENCES: {{ join "," . | quote }}
{{- end }}
{{- if .Values.metricsAuth.enabled }}
MUSUBI_METRICS_AUTH: "true"
{{- end }}
{{- end -}}
