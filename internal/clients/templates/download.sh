#!/bin/sh
# For {{.Who.Title}}: sh download.sh PACKAGE/VERSION/FILE [INTO]
set -eu
printf 'user = "%s:%s"\n' "{{.Who.User.Shell}}" "{{.Who.Token.Shell}}" |
	curl --config - --fail --silent --show-error --location --output "${2:-${1##*/}}" {{sh .Endpoint}}"/$1"
