# For {{.Who.Title}}: . ./env.sh
# pip
PIP_INDEX_URL={{sh .Before}}"{{.User.Shell}}:{{.Who.Token.Shell}}"{{sh .After}}
# uv
UV_DEFAULT_INDEX=$PIP_INDEX_URL
# poetry source add gitlab {{.Endpoint}}
POETRY_HTTP_BASIC_GITLAB_USERNAME="{{.User.Shell}}"
POETRY_HTTP_BASIC_GITLAB_PASSWORD="{{.Who.Token.Shell}}"
export PIP_INDEX_URL UV_DEFAULT_INDEX POETRY_HTTP_BASIC_GITLAB_USERNAME POETRY_HTTP_BASIC_GITLAB_PASSWORD
{{- if .Publish}}
# twine upload
TWINE_REPOSITORY_URL={{sh .Publish}}
TWINE_USERNAME="{{.User.Shell}}"
TWINE_PASSWORD="{{.Who.Token.Shell}}"
export TWINE_REPOSITORY_URL TWINE_USERNAME TWINE_PASSWORD
{{- end}}
