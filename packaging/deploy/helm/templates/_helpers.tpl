{{/* The name of everything in a release: `tagpol` if the release is called so. */}}
{{- define "tagpol.name" -}}
{{- if contains "tagpol" .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-tagpol" .Release.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "tagpol.selector" -}}
app.kubernetes.io/name: tagpol
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "tagpol.labels" -}}
{{ include "tagpol.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "tagpol.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "tagpol.claim" -}}
{{ .Values.project.existingClaim | default (printf "%s-project" (include "tagpol.name" .)) }}
{{- end }}

{{/* Settings of the pods of the server and of backups: a user without rights. */}}
{{- define "tagpol.pod" -}}
automountServiceAccountToken: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  fsGroup: 10001
  seccompProfile: { type: RuntimeDefault }
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* The image, and the variables that the server and its backups share. */}}
{{- define "tagpol.container" -}}
image: {{ include "tagpol.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
resources: {{- toYaml .Values.resources | nindent 2 }}
envFrom: [{ configMapRef: { name: {{ include "tagpol.name" . }} } }]
env:
  - name: TAGPOL_SERVE_KEY
    valueFrom: { secretKeyRef: { name: {{ .Values.key.name }}, key: {{ .Values.key.key }} } }
  {{- if .Values.database.url }}
  - name: PGPASSWORD
    valueFrom: { secretKeyRef: { name: {{ .Values.database.passwordSecret.name }}, key: {{ .Values.database.passwordSecret.key }} } }
  {{- end }}
  {{- with .Values.variables }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
