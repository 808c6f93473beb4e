package artifactory

// Help describes the accounts, modes, faults and control requests of this stand-in, for people.
const Help = `JFrog Artifactory as a migration reads it: repositories, AQL, the storage API, downloads with redirects to a store elsewhere.

Accounts

All have the password ` + Password + `, and each an API key, a reference token and an access token.

  admin     sees everything; the one in Ready, whose token is its reference token
  reader    sees what the mode reader.denied leaves
  outsider  may sign in, and sees nothing

Modes (--mode KEY=VALUE); "unverified" is what nobody has seen of Artifactory 7

  edition=pro|oss|jcr|expired  what answers as without a licence, and the add-ons that the version tells
  version=7.98.10         features come and go with it; 6.x has neither item.info nor skipUpdateStats nor exact sizes
  context=/artifactory    the path before everything, none for no path
  anonymous=off|on        whether requests without credentials may read
  hide-unauthorized=off|on   what may not be read is 404 instead of 401 or 403
  reader.denied=PATTERN,… what the reader (and the anonymous user) may not read, as globs over REPOSITORY/PATH
  bad-key=403|401         the answer to a wrong API key (unverified)
  token-expires=N         after N requests with good credentials these are refused
  retry-after=none|SECONDS   whether a 429 says how long to wait (unverified)
  aql-limit=N             no answer has more rows; a notification says so (500000 in the cloud, default 0: none)
  aql-notify=trimmed|reached|never   reached: also when exactly so many rows were there; never: rows are left out without a word
                          (both unverified)
  oss-sort=refused|accepted   whether queries may sort without a licence (unverified for 7)
  aql-parallel=N          more queries at once are refused with 429 (default 0: none)
  aql-length=6000         longer queries are refused
  aql-unsorted=shuffled|id   the order of pages without a sort: another one each time, or by number
  aql-size=number|text    sizes in rows (unverified); aql-depth=off|on: rows have a depth without being asked (unverified)
  list-size=number|text   sizes in ?list
  shift=off|delete[:N]|insert[:N]   after the first N full pages, the page's first row is deleted, or one comes in before it
  redirect=off|BYTES      downloads from this size on are redirected to a store at another port
  redirect-head=off|on, redirect-sums=on|off, redirect-disable=on|off, redirect-expiry=30s   whether HEAD is redirected, whether
                          the redirect has checksum headers, whether artifactory.disableRedirect works (unverified), and how long
  zone=Z|+02:00           the server's zone, in every date
  base=right|wrong        what the server believes its own address to be
  casing=mixed|lower|upper   the spelling of package types in lists
  no-sha256=PATTERN       files of REPOSITORY/PATH that have no SHA-256
  sha512=off|on           .sha512 is answered beside every file (unverified)
  copy-dates=kept|new     whether a copy keeps its dates (unverified for 7)
  storageinfo=fresh|cached|wrong|off
  pypi-hash=sha256|md5, helm-urls=local|absolute|relative   what the generated indexes say
  docker-path=on|off      whether /v2/KEY/… at the root of the host is the registry of a repository, too
  layers=stored|shared    whether an image's folder holds all of its layers (unverified)

Faults (--fault KIND@STAGE=RATE)

list strikes AQL, the storage API and the list of repositories, read downloads, blob the store that downloads are redirected to.
trim at list cuts an AQL answer after its first row, with a notification.

Control

GET /_standin/stats and dump are those of package standin; AQL is counted by what it asks for: "POST aql folder", "aql folder
properties", "aql folders", "aql window", "aql repository". POST /_standin/clock {"advance":"10m"} moves the clock. POST
/_standin/mutate takes an array of changes, as Change in the package's documentation; an empty body makes those of a working day.
`
