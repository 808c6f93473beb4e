#!/bin/sh
# For {{.Who.Title}}: sh publish.sh MODULE.tgz NAME SYSTEM VERSION
set -eu
printf '{{.Who.Header}}: %s\n' "{{.Who.Token.Shell}}" |
	curl --header @- --fail --silent --show-error --upload-file "$1" {{sh .Endpoint}}"/$2/$3/$4/file"
