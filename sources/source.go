// Package sources is the port through which a registry is read.
package sources

import (
	"context"
	"fmt"
	"iter"

	"pkgferry/internal/artifact"
)

// Cursor says where a listing goes on. Only its source understands it; the zero value is the beginning. It survives the
// process: a source must accept a cursor that an earlier process saved.
type Cursor string

// Listed is one item of a listing.
type Listed struct {
	// Package may hold only some of its files: a listing that pages inside a package yields it again with the others.
	Package artifact.Package
	// Skip is set when the source itself knows that the package can not be copied; Detail then says why in a few words.
	Skip   artifact.Reason
	Detail string
	// Cursor is where a listing goes on after this item, so that nothing is lost and only the last page is repeated.
	Cursor Cursor
}

// Source reads one registry. It never changes anything there.
type Source interface {
	// Check proves with one or two requests that the registry answers and accepts the credentials. Its errors are
	// marked fault.Stop.
	Check(ctx context.Context) error
	// Packages yields the packages in a stable order, from cursor on. An error item stands for something that could not
	// be listed: the sequence goes on when it can, and the run can not end "complete" after one. An error marked
	// fault.Stop ends the sequence. No page is held longer than it is yielded; breaking out of the loop, or cancelling
	// ctx, ends every request and goroutine.
	Packages(ctx context.Context, from Cursor) iter.Seq2[Listed, error]
	// Open streams one file from offset on. A connection that drops is resumed inside. A file that is listed and not
	// there is an error with the reason source-missing. When the server now has other content than was listed, the
	// error is a *Changed.
	Open(ctx context.Context, f artifact.File, offset int64) (artifact.Content, error)
}

// Changed is the error of Open when the source replaced a file after it was listed. Now is the file as it is.
type Changed struct{ Now artifact.File }

func (c *Changed) Error() string {
	return fmt.Sprintf("the source replaced %s after it was listed", c.Now.Path)
}
