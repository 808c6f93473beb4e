#!/bin/sh
# For {{.Who.Title}}: sh run.sh terraform init, or sh run.sh tofu init.
set -eu
exec env {{sh .Variable}}="{{.Who.Token.Shell}}" "$@"
