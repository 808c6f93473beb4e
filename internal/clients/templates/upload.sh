#!/bin/sh
# For {{.Who.Title}}: sh upload.sh FILE PACKAGE/VERSION/FILE
set -eu
printf '{{.Who.Header}}: %s\n' "{{.Who.Token.Shell}}" |
	curl --header @- --fail --silent --show-error --upload-file "$1" {{sh .Endpoint}}"/$2"
