# For {{.Who.Title}}: . ./env.sh
export {{.Variable}}="{{.Who.Token.Shell}}"
