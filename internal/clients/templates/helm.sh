#!/bin/sh
# For {{.Who.Title}}: sh add-repositories.sh
set -eu
{{- range .Repositories}}
printf '%s' "{{$.Who.Token.Shell}}" | helm repo add {{sh .Name}} {{sh .URL}} --username "{{$.Who.User.Shell}}" --password-stdin --force-update
{{- end}}
