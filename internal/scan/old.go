package scan

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"pkgferry/internal/artifact"
)

// address is where an old address stands in a document, taken apart.
type address struct {
	start, end int // what would be replaced: without scheme where it is of an image, without tag and digest
	registry   *Registry
	repository string // "" where the address names none; see every
	format     artifact.Format
	rest       string // behind the repository, without slashes at its ends
	slash      bool   // it ends with a slash
	scheme     string // "https:", "//" alone is ""; "-" where there is neither
	user       string // what stands before an @
	encoded    bool   // percent-encoded as a whole
	image      bool
	bare       bool   // the name of an image on Docker Hub without its host
	tag        string // of an image, as it stands
	digest     string
	api        bool // it is a registry's own API
	hostOnly   bool // no repository, no path
	module     bool // of Terraform
	tangled    bool // another address begins in it
}

// host is what an old address begins with.
type host struct {
	name, port string // in lower case
	path       string // what must follow: "/artifactory"
	registry   *Registry
	also       *Also
}

// hubHosts are Docker Hub's, as image names spell it (https://github.com/distribution/reference, "familiar names").
var hubHosts = []string{"docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"}

// old finds addresses.
type old struct {
	hosts  []host
	hubs   []*Registry
	copies *copies
}

func newOld(registries []Registry, also []Also, known *copies) *old {
	o := &old{copies: known}
	bySource := map[string]*Registry{}
	for i := range registries {
		r := &registries[i]
		bySource[r.Source] = r
		if r.Type == dockerhub {
			o.hubs = append(o.hubs, r)
			for _, name := range hubHosts {
				o.hosts = append(o.hosts, host{name: name, path: "/" + r.Namespace, registry: r})
			}
			if r.URL != nil {
				o.hosts = append(o.hosts, host{name: strings.ToLower(r.URL.Hostname()), port: portOf(r.URL), path: "/" + r.Namespace, registry: r})
			}
			continue
		}
		o.hosts = append(o.hosts, host{
			name: strings.ToLower(r.URL.Hostname()), port: portOf(r.URL), path: strings.TrimRight(r.URL.Path, "/"), registry: r,
		})
	}
	for i := range also {
		a := &also[i]
		name, port, _ := strings.Cut(strings.ToLower(a.Host), ":")
		one := host{name: name, port: port, registry: bySource[a.Source], also: a}
		if a.Path != "" {
			one.path = "/" + a.Path
		}
		o.hosts = append(o.hosts, one)
	}
	// Of addresses that begin alike, the one that says more.
	slices.SortStableFunc(o.hosts, func(a, b host) int {
		return cmp.Or(cmp.Compare(len(b.path), len(a.path)), cmp.Compare(boolInt(b.also != nil), boolInt(a.also != nil)))
	})
	return o
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// portOf is a URL's port where it is not that of its scheme.
func portOf(u *url.URL) string {
	if u.Scheme == "https" && u.Port() == "443" || u.Scheme == "http" && u.Port() == "80" {
		return ""
	}
	return u.Port()
}

// addresses are the old addresses in d, in their order; none overlaps another.
func (o *old) addresses(d *document) []address {
	var all []address
	for i, h := range o.hosts {
		if i > 0 && slices.ContainsFunc(o.hosts[:i], func(e host) bool { return e.name == h.name }) {
			continue // looked for with the others of that name
		}
		for _, at := range d.mentions(h.name) {
			if a, ok := o.mentioned(d, at, h.name); ok {
				all = append(all, a)
			}
		}
	}
	if d.kind.images != nil {
		for _, r := range o.hubs {
			all = append(all, o.bareImages(d, r)...)
		}
	}
	slices.SortFunc(all, func(a, b address) int { return cmp.Or(a.start-b.start, b.end-a.end) })
	apart := all[:0]
	for _, a := range all {
		if n := len(apart); n > 0 && a.start < apart[n-1].end {
			apart[n-1].tangled = true
			continue
		}
		apart = append(apart, a)
	}
	return apart
}

// mentioned reads the address around a mention of a host, by the first of the hosts of that name that it fits.
func (o *old) mentioned(d *document, at int, name string) (address, bool) {
	m, ok := d.mention(at, name)
	if !ok {
		return address{}, false
	}
	for _, h := range o.hosts {
		if h.name != name || !h.hasPort(m) || m.label != "" && h.registry.Type != artifactory && h.registry.Type != nexus {
			continue
		}
		if a, ok := o.read(d, h, m); ok {
			return a, true
		}
	}
	return address{}, false
}

func (h host) hasPort(m mention) bool {
	return m.port == h.port || h.port == "" && (m.port == "443" && m.scheme != "http:" || m.port == "80" && m.scheme == "http:")
}

// read takes a mention apart as an address of h; false when it is none.
func (o *old) read(d *document, h host, m mention) (address, bool) {
	a := address{
		start: m.start, end: m.end, registry: h.registry, scheme: m.scheme, user: m.user, encoded: m.encoded,
		slash: strings.HasSuffix(m.path, "/"), tag: m.tag, digest: m.digest,
	}
	path, below := strings.CutPrefix(m.path, h.path)
	below = below && (path == "" || path[0] == '/')
	rest := strings.Trim(path, "/")
	switch {
	case h.registry.Type == dockerhub:
		return o.hubImage(a, m, strings.Trim(m.path, "/"), below && rest != "")
	case h.also != nil:
		return o.readAlso(d, a, m, h, rest, below)
	case m.label != "": // the subdomain method of Docker's registries
		if !o.copies.has(h.registry.Source, m.label, artifact.Container) {
			return a, false
		}
		return a.asImage(m, m.label, strings.Trim(m.path, "/")), true
	case m.bare() && d.kind.format == artifact.Terraform && terraformSource.MatchString(m.path):
		a.format, a.module, a.rest = artifact.Terraform, true, strings.Trim(m.path, "/")
		return a, true
	}
	if below {
		if found, ok := layoutOf[h.registry.Type](a, rest); ok {
			return o.ofFormat(d, m, found), true
		}
	}
	if m.isImage() { // the path method of Docker's registries
		repository, image, _ := strings.Cut(strings.TrimPrefix(strings.Trim(m.path, "/"), "v2/"), "/")
		if o.isImage(d, h, m, repository, image) {
			return a.asImage(m, repository, image), true
		}
	}
	a.hostOnly = true
	return a, strings.Trim(m.path, "/") == strings.Trim(h.path, "/") && (m.scheme != none || login(d.lineAt(m.start))) || terraformHost(d, m)
}

// isImage tells that a repository is one of images: it was copied as such, or is declared to show such, or stands where an image
// must.
func (o *old) isImage(d *document, h host, m mention, repository, image string) bool {
	source := h.registry.Source
	return o.copies.has(source, repository, artifact.Container) ||
		image != "" && len(o.copies.of(source, every, artifact.Container)) > 0 &&
			(o.copies.declared(source, repository, artifact.Container) || d.kind.images != nil && d.kind.images(d, m.host))
}

// terraformHost: Terraform's settings name hosts alone.
func terraformHost(d *document, m mention) bool {
	return d.kind.format == artifact.Terraform && m.bare() && m.path == ""
}

// readAlso reads an address that the operator has named: of a repository, or of a whole registry.
func (o *old) readAlso(d *document, a address, m mention, h host, rest string, below bool) (address, bool) {
	if !below {
		return a, false
	}
	switch h.also.Repository {
	case "":
		found, ok := layoutOf[h.registry.Type](a, rest)
		if ok && o.copies.has(h.registry.Source, found.repository, "") {
			return o.ofFormat(d, m, found), true
		}
		repository, image, _ := strings.Cut(rest, "/")
		if m.isImage() && o.copies.has(h.registry.Source, repository, artifact.Container) {
			return a.asImage(m, repository, image), true
		}
		return a, false
	default:
		a.repository = h.also.Repository
	}
	if m.isImage() && (len(o.copies.of(h.registry.Source, a.repository, artifact.Container)) > 0) && (rest != "" || h.also.Path == "") {
		return a.asImage(m, a.repository, rest), true
	}
	a.rest = rest
	return o.ofFormat(d, m, a), true
}

// every is the repository that stands for all.
const every = "*"

// ofFormat finds out the format of an address that does not say so: by its repository, and by the kind of file.
func (o *old) ofFormat(d *document, m mention, a address) address {
	if a.format == "" && a.repository != "" {
		formats := o.copies.formats(a.registry.Source, a.repository)
		switch {
		case slices.Contains(formats, d.kind.format), len(formats) == 0:
			a.format = d.kind.format
		case len(formats) == 1:
			a.format = formats[0]
		}
	}
	if a.format == artifact.Container && m.isImage() {
		return a.asImage(m, a.repository, strings.TrimPrefix(a.rest, "v2/"))
	}
	return a
}

// asImage makes an address the name of an image. Its scheme, docker: or oci:, stays.
func (a address) asImage(m mention, repository, name string) address {
	a.format, a.image, a.repository, a.rest, a.start = artifact.Container, true, repository, name, m.host
	if m.scheme == "https:" || m.scheme == "http:" {
		a.start = m.start
	}
	a.hostOnly = name == "" && strings.Trim(m.path, "/") == ""
	return a
}

// hubImage is an image named with Docker Hub's host, or the host alone.
func (o *old) hubImage(a address, m mention, path string, ours bool) (address, bool) {
	if !ours || !m.isImage() {
		return a, false
	}
	_, repository, _ := strings.Cut(path, "/")
	return a.asImage(m, repository, path), true
}

// login tells that a line signs in to a registry.
func login(line []byte) bool { return strings.Contains(strings.ToLower(string(line)), "login") }
