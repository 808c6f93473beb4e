# The program alone on a small system with a shell, which GitLab CI needs. Everything that it writes is in /work.
#
#	docker build --build-arg VERSION="$(git describe --tags --always)" -t pkgferry .
#	docker run --rm -v "$PWD:/work" -e NEXUS_PASSWORD -e GITLAB_TOKEN pkgferry run
ARG GO=docker.io/library/golang:1.26-bookworm
ARG BASE=docker.io/library/alpine:3.22

FROM ${GO} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=unknown
RUN release/program "$(go env GOHOSTARCH)" /out/pkgferry && mkdir /out/work

FROM ${BASE}
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/pkgferry /usr/local/bin/pkgferry
COPY --from=build --chown=10001:10001 /out/work /work
# Who runs it owns nothing else; --user "$(id -u):$(id -g)" writes a mounted directory as oneself.
USER 10001:10001
ENV HOME=/work
WORKDIR /work
VOLUME /work
ENTRYPOINT ["/usr/local/bin/pkgferry"]
CMD ["--help"]
