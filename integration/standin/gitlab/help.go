package gitlab

// Help describes the tokens, modes, faults and control requests of this stand-in, for people.
const Help = `GitLab's package registry for Maven, npm, PyPI, NuGet, Helm, Terraform and generic packages: REST API v4, the part of
GraphQL that inventories packages, Workhorse's upload rules and both kinds of rate limit; and its container
registry. It starts with the group acme/artifact-management and the projects of the default structure.

Tokens

Each is its own text, valid until the end:

  standin-owner       scope api, Owner of every project; the one in Ready
  standin-maintainer, standin-developer, standin-reporter   scope api, that role
  standin-read        scope read_api, Owner
  standin-admin       scope api, administrator: no protection rule binds it, and it may read GET /application/plan_limits
  standin-stranger    scope api, member of nothing
  standin-ending      scope api, Developer, expires in three days
  project_1_bot_standin   scope api, Developer of java-packages alone, as a project access token
  standin-expired, standin-revoked
  standin-deploy      deploy token that reads and writes the registry
  standin-deploy-read deploy token that only reads it
  standin-job         CI job token of a Developer, of a job in acme/app

Who makes a group is its Owner; nobody else is member of it. Deploy tokens that are made work as such. A job token works in
the projects that admit acme/app: those of the start admit every project of acme, a new one admits itself alone.

Where Basic must name the token's own user, as for NuGet, it is the token without "standin-"; a deploy token's is the token
itself and a job's is gitlab-ci-token.

Modes (--mode KEY=VALUE)

  npm=async|sync          how a publish is checked: in the background (GitLab 18.8, default) or in the request (17.x)
  nuget=sync|async        whether GitLab can read the .nuspec in the request (default) or leaves it to the background
  pypi.race=off|on        on: the first two files of a version, sent in parallel, make two packages (GitLab has no index)
  helm.index=direct|delayed   an index.yaml is made for each request, of the newest charts (default), or comes from a cache
                          that holds all and that one more background stage refreshes (GitLab 18.9)
  helm.max=N              how many charts an index holds that is made for a request (default 1000)
  settle=DURATION|immediate|manual   each background stage of npm, NuGet and Helm takes so long (default 20ms), none, or
                          waits for POST clock
  forward=off|URL         unknown npm names are redirected to URL/<name>, PyPI names to URL/simple/<name>/ (default off)
  FORMAT.duplicates=true|false    the groups' settings for maven, generic, nuget (default true) and terraform (false)
  FORMAT.duplicates.except=REGEX  the settings' exceptions
  limit.FORMAT=BYTES      file size limits of maven, npm, generic, pypi, nuget, helm and terraform (0: none)
  quota=BYTES             above so much stored below a root group, nothing more can be published there (default 0: none)
  store=off|URL           downloads, but for Maven and NuGet, are redirected to URL/_store/…, signed; this server answers
                          there as well, and counts credentials that arrive
  ratelimit=rack:N/SECONDS       N requests per window and user, text answers with RateLimit headers
  ratelimit=packages:N/SECONDS   N of those to package registries, which rack then does not count
  ratelimit=app:N         N requests per minute to GET /projects/:id and /groups/:id, JSON answers
                          (several: rack:N/SECONDS,app:N)
  toplevel=true|false     whether groups without a parent can be made, which GitLab.com does not let the API do (default true)
  visibility=private|public  of every project at the start (default private)
  version=18.9.0-ee       what GET /metadata says

Faults (--fault KIND@STAGE=RATE)

list strikes package and file listings, read downloads, write and stored uploads of files, settle background work (a status
number: the package ends in error as after an exception). At write there are two more kinds: objectstore (the store refuses
the body: 403 Forbidden, but 500 for Maven and npm) and lock (somebody else is publishing the version: NuGet's 409, npm's
lease error).

Control

GET /_standin/stats and dump are those of package standin; a dump names files as they are downloaded. POST
/_standin/clock {"advance":"10m"} moves the clock, and runs the background work that is due; under settle=manual it runs
"stages" stages, all of them when that is absent. It answers {"now":…,"pending":N}. POST /_standin/mutate takes one of

  {"add_project":"acme/artifact-management/new"}      answers {"id":N}
  {"set":{"project":PATH,"archived":true,"registry":false,"visibility":"public"}}
  {"mode":{"maven.duplicates":"false"}}              any mode but version and visibility
  {"protect":{"project":PATH,"format":"npm","pattern":"@acme/*","role":"maintainer"}}
  {"corrupt":{"project":PATH,"format":F,"package":NAME,"version":V,"file":FILE}}   flips a stored byte
  {"delete":{"project":PATH,"format":F,"package":NAME,"version":V}}
  {"fault":"KIND@STAGE=RATE"} and {"clear_faults":true}` + helpImages
