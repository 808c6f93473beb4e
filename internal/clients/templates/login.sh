#!/bin/sh
# For {{.Who.Title}}: sh login.sh, or sh login.sh podman login, skopeo login, crane auth login, helm registry login.
set -eu
[ $# -gt 0 ] || set -- docker login
printf '%s' "{{.Who.Token.Shell}}" | "$@" --username "{{.Who.User.Shell}}" --password-stdin {{sh .GitLab.Registry}}
