package gitlab

// Forms with one file: multipart/form-data (RFC 7578), which GitLab's PyPI, NuGet and Helm registries take. A form has a
// Content-Length, since not every proxy before GitLab takes a body without one.

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"

	"pkgferry/internal/httpx"
)

// form is what goes with the file. The fields come first, as the ecosystems' own clients send them.
type form struct {
	fields [][2]string
	part   string // the name of the file's part
	file   string // the file's own name
}

// encode is what stands before the file and what stands behind it.
func (f form) encode() (before, behind []byte, contentType string, err error) {
	var text bytes.Buffer
	w := multipart.NewWriter(&text)
	for _, field := range f.fields {
		err = errors.Join(err, w.WriteField(field[0], field[1]))
	}
	_, failed := w.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {multipart.FileContentDisposition(f.part, f.file)},
		"Content-Type":        {"application/octet-stream"},
	})
	before = bytes.Clone(text.Bytes())
	err = errors.Join(err, failed, w.Close())
	return before, text.Bytes()[len(before):], w.FormDataContentType(), err
}

// submit sends a form with a file by one request and decodes the answer into answer, unless that is nil.
func (a *api) submit(ctx context.Context, method string, u *url.URL, f form, file *spooled, answer any) error {
	before, behind, contentType, err := f.encode()
	if err != nil {
		return err
	}
	resp, err := a.http.Send(ctx, httpx.Request{
		Method: method, URL: u, Header: http.Header{"Content-Type": {contentType}},
		Size: int64(len(before)) + file.size + int64(len(behind)),
		Body: func(context.Context) (io.ReadCloser, error) {
			content := io.NewSectionReader(file, 0, file.size)
			return io.NopCloser(io.MultiReader(bytes.NewReader(before), content, bytes.NewReader(behind))), nil
		},
	})
	if err == nil {
		err = decode(resp, answer)
	}
	return meaning(err)
}
