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

// Start says where a listing begins, and what it is to tell.
type Start struct {
	// Cursor is where an interrupted listing of the same kind goes on.
	Cursor Cursor
	// Changes asks only for what was added or replaced since the last listing that came to its end, as far as the source
	// can tell; what it can not tell apart it lists again. Else everything is listed, and what is not listed is not
	// there any more.
	Changes bool
	// Recall returns what earlier listings noted under a key; "" when they noted nothing. Nil recalls nothing.
	Recall func(ctx context.Context, key string) (string, error)
}

// Note is what an earlier listing noted under a key, when this one asks for changes; "" in every other case.
func (s Start) Note(ctx context.Context, key string) (string, error) {
	if !s.Changes || s.Recall == nil {
		return "", nil
	}
	return s.Recall(ctx, key)
}

// Listed is one item of a listing.
type Listed struct {
	// Package may hold only some of its files: a listing that pages inside a package yields it again with the others.
	// A package without a name is none: the item only brings Cursor and Notes.
	Package artifact.Package
	// Skip is set when the source itself knows that the package can not be copied; Detail then says why in a few words.
	Skip   artifact.Reason
	Detail string
	// Cursor is where a listing goes on after this item, so that nothing is lost and only the last page is repeated.
	Cursor Cursor
	// Notes are facts for later listings by key, such as the ETag of what was just read: they are kept once the item
	// is in the checkpoint, and given back by Start.Recall. They hold no credential.
	Notes map[string]string
}

// Source reads one registry. It never changes anything there.
type Source interface {
	// Check proves with one or two requests that the registry answers and accepts the credentials. Its errors are
	// marked fault.Stop.
	Check(ctx context.Context) error
	// Packages yields the packages in a stable order, from start on. An error item stands for something that could not
	// be listed: the sequence goes on when it can, and the run can not end "complete" after one. An error marked
	// fault.Stop or fault.Spent ends the sequence; the latter goes on at the last cursor. No page is held longer than it is yielded; breaking out of the loop, or cancelling
	// ctx, ends every request and goroutine.
	Packages(ctx context.Context, start Start) iter.Seq2[Listed, error]
	// Open streams one file from offset on. A connection that drops is resumed inside. A file that is listed and not
	// there is an error with the reason source-missing. A quota that is used up is fault.Spent. When the server now has other content than was listed, the
	// error is a *Changed.
	Open(ctx context.Context, f artifact.File, offset int64) (artifact.Content, error)
}

// Changed is the error of Open when the source replaced a file after it was listed. Now is the file as it is.
type Changed struct{ Now artifact.File }

func (c *Changed) Error() string {
	return fmt.Sprintf("the source replaced %s after it was listed", c.Now.Path)
}
