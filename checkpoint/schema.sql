-- The checkpoint of one migration. Times are Unix milliseconds. An empty text is "unknown"; a NULL outcome is "unsettled".

CREATE TABLE meta (
	key   TEXT PRIMARY KEY,
	value TEXT NOT NULL
) WITHOUT ROWID;

-- How far the listing of each source has come.
CREATE TABLE listing (
	source   TEXT PRIMARY KEY,
	cursor   TEXT NOT NULL,
	complete INTEGER NOT NULL,
	changes  INTEGER NOT NULL, -- it tells only what changed since the one before
	number   INTEGER NOT NULL, -- grows with every new listing
	began    INTEGER NOT NULL, -- when it began
	fresh    INTEGER NOT NULL DEFAULT 0, -- when the last one began that came to its end and missed nothing: so old is what is known
	whole    INTEGER NOT NULL DEFAULT 0  -- the same of listings of everything
) WITHOUT ROWID;

-- What a source wants to be told again in a later listing.
CREATE TABLE note (
	source TEXT NOT NULL,
	key    TEXT NOT NULL,
	value  TEXT NOT NULL,
	PRIMARY KEY (source, key)
) WITHOUT ROWID;

CREATE TABLE package (
	id          INTEGER PRIMARY KEY,
	source      TEXT NOT NULL,
	repository  TEXT NOT NULL,
	format      TEXT NOT NULL,
	name        TEXT NOT NULL,
	version     TEXT NOT NULL, -- '' for an index package
	metadata    TEXT NOT NULL, -- a JSON object
	project     TEXT NOT NULL,
	dest_format TEXT NOT NULL,
	dest_name   TEXT NOT NULL,
	channel     TEXT NOT NULL,    -- of a Helm chart
	repack      INTEGER NOT NULL, -- a .zip goes there as .tgz
	identity    BLOB NOT NULL,    -- of the destination: what GitLab takes as one thing is equal here
	one_name    BLOB NOT NULL,    -- the same without the version
	on_conflict TEXT NOT NULL,
	revision    INTEGER NOT NULL DEFAULT 0, -- grows whenever the source or the route changes the row
	batch       INTEGER NOT NULL,           -- the listing batch that last touched it
	seen        INTEGER NOT NULL,           -- the number of the listing that last had it
	gone        INTEGER NOT NULL DEFAULT 0, -- when a whole listing did not have it any more
	listed      INTEGER NOT NULL DEFAULT 0, -- when it was listed first
	sent        INTEGER NOT NULL DEFAULT 0, -- this migration has begun to publish it
	started     INTEGER NOT NULL DEFAULT 0, -- when it did that first
	attempts    INTEGER NOT NULL DEFAULT 0,
	due         INTEGER NOT NULL, -- not to be taken before; an index package starts at 1 to stand behind the versions, the largest number waits for a choice
	outcome     TEXT,
	reason      TEXT NOT NULL DEFAULT '',
	error       TEXT NOT NULL DEFAULT '',
	proof       INTEGER NOT NULL DEFAULT 0,
	settled     INTEGER NOT NULL DEFAULT 0,
	left_out    INTEGER NOT NULL DEFAULT 0, -- by a choice among the versions of a name, which may take it back
	UNIQUE (source, repository, format, name, version)
);
CREATE INDEX unsettled ON package (due, id) WHERE outcome IS NULL;
CREATE INDEX identity ON package (identity);
CREATE INDEX one_name ON package (one_name);
CREATE INDEX retriable ON package (outcome) WHERE outcome IN ('failed', 'conflict');

CREATE TABLE file (
	package  INTEGER NOT NULL REFERENCES package (id),
	path     TEXT NOT NULL,
	size     INTEGER NOT NULL,
	md5      TEXT NOT NULL,
	sha1     TEXT NOT NULL,
	sha256   TEXT NOT NULL,
	sha512   TEXT NOT NULL,
	locator  TEXT NOT NULL,
	modified INTEGER NOT NULL,
	downloaded INTEGER NOT NULL,
	properties TEXT NOT NULL, -- a JSON object of lists; '' when it has none
	seen     INTEGER NOT NULL,
	gone     INTEGER NOT NULL DEFAULT 0,
	-- what we computed while copying
	our_sha1   TEXT NOT NULL DEFAULT '',
	our_sha256 TEXT NOT NULL DEFAULT '',
	-- what the sink shows, and how it came by it
	held_size INTEGER NOT NULL DEFAULT -1,
	held      TEXT NOT NULL DEFAULT '', -- algorithm:hex
	proof     INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (package, path)
) WITHOUT ROWID;

-- What could not be listed. A migration with a row here is not complete.
CREATE TABLE problem (
	id     INTEGER PRIMARY KEY,
	source TEXT NOT NULL,
	error  TEXT NOT NULL,
	at     INTEGER NOT NULL
);

-- How many requests went to servers, and how long these asked to be left alone, by minute: Retry-After and its like.
CREATE TABLE traffic (
	host     TEXT NOT NULL,    -- and port
	minute   INTEGER NOT NULL, -- since 1970
	requests INTEGER NOT NULL DEFAULT 0,
	paused   INTEGER NOT NULL DEFAULT 0, -- milliseconds of it
	PRIMARY KEY (host, minute)
) WITHOUT ROWID;

-- Which pkgferry worked on the migration, and by which configuration: a row for each change.
CREATE TABLE tool (
	since   INTEGER PRIMARY KEY,
	version TEXT NOT NULL,
	config  TEXT NOT NULL -- SHA-256 of the configuration, which holds no secret
);

-- The reports that were sealed: the heads of their chains.
CREATE TABLE seal (
	id      INTEGER PRIMARY KEY,
	at      INTEGER NOT NULL,
	file    TEXT NOT NULL,
	lines   INTEGER NOT NULL,
	head    TEXT NOT NULL,
	version TEXT NOT NULL -- of the pkgferry that sealed it
);
