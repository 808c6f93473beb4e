// Raw repositories on Nexus, format "raw": plain files under any path (Nexus documentation, "Raw Repositories"). What
// looks like a checksum beside a file is a file like any other here, since nobody but its publisher made it.

package nexus

import "pkgferry/sources"

func raw(r repository, a asset) (sources.Listed, bool) { return foreign(r, a) }
