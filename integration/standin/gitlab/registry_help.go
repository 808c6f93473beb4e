package gitlab

// helpImages is the part of Help that is about the container registry.
const helpImages = `

Container registry

GET /jwt/auth issues tokens, /v2/ is the registry, /gitlab/v1/ its own API, and the REST API lists repositories and tags.
A job token pushes to acme/app alone. More tokens:

  standin-registry, standin-registry-read      scopes read_registry and write_registry, or the first alone; Owner
  standin-deploy-images, -read                 deploy tokens with these scopes, whose user names are their own texts

Modes

  registry=true|false            whether the instance has one (default true)
  registry.database=on|off       the metadata database: known media types only, pages, garbage collection (default on)
  registry.host=HOST:PORT        where it is; this server must be reached there as well (default: GitLab's own address)
  external_url=URL               GitLab's address, which the registry's challenges name (default: that of the request)
  registry.readonly=true|false   writes are 405 (default false)
  registry.token=DURATION        how long a token is good (default 5m), and for registry.leeway=DURATION more (default 60s)
  registry.token.json=gitlab|docker   docker adds what other token servers answer (default gitlab)
  registry.store=URL             blobs are redirected to URL/_store/…, signed; this server answers there as well
  registry.upload.host=HOST:PORT uploads go on there, at signed addresses that take no credential
  storage=ok|full                full: no push is granted (default ok)

A real registry trusts the tokens when its rootcertbundle is GET /_standin/registry.crt, its issuer gitlab-issuer and its
service container_registry; it wants registry.token.json=docker.

Faults strike at token, blob (downloads), upload, manifest (downloads and pushes) and index (pushes of indexes), and at
read, write, stored and list as for other files. A status is worded as the registry words it: 429@manifest=1, 503@index=1.

A credential of GitLab's at the registry counts as one that arrived where none belongs; so does a registry's token at the
API, and any at the store or at the host for uploads. A dump tells images as format container: package is the repository's
name in its project, version a tag or a digest, file manifests/DIGEST or blobs/DIGEST.

Moving the clock by 24h or more collects garbage. POST /_standin/mutate also takes

  {"set":{"project":PATH,"container_registry":"disabled|private|enabled","renaming":true}}
  {"protect":{"project":PATH,"format":"container","pattern":"PATH/app*","role":"owner"}}
  {"protect_tag":{"project":PATH,"pattern":REGEX,"push":"maintainer","delete":"owner"}}    without roles: immutable tags
  {"corrupt":…} and {"delete":…} with "format":"container" and package, version and file as in a dump`
