package gitlab

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Forms with files, multipart/form-data, as Workhorse and Rails take them: GitLab's
// workhorse/internal/upload/{rewrite,uploads,saved_file_tracker}.go and lib/uploaded_file.rb. Parts may come in any order.
// Workhorse answers in plain text, and of a part it does not know the size before it has read it.

const (
	maxFormFiles  = 10
	maxFormFields = 16 << 20 // bytes of all fields that are no files; the stand-in's own limit
)

var (
	errTooManyFiles = errors.New("upload request contains more than 10 files")
	errInjected     = errors.New("injected client parameter")
	errTwice        = errors.New("the field has already been processed")
	errPartsEnd     = errors.New("unexpected EOF when reading multipart data") // where a boundary was due
)

// form is what a request sent. A field that came twice has its last value.
type form struct {
	fields map[string]string
	files  map[string]upload
}

type upload struct {
	name string // sanitised
	body body
}

// remove deletes the files; the one that is kept is taken out of the map first.
func (f form) remove() {
	for _, u := range f.files {
		u.body.remove()
	}
}

// take moves a file out of the form, so that remove spares it.
func (f form) take(name string) upload {
	u := f.files[name]
	delete(f.files, name)
	return u
}

// wrongFile is what Rails says of a file parameter; "" when it is there.
func (f form) wrongFile(name string) string {
	if _, ok := f.files[name]; ok {
		return ""
	}
	if _, ok := f.fields[name]; ok {
		return name + " is invalid"
	}
	return name + " is missing"
}

// receiveForm reads a request's form, no file larger than limit (0: none); false when it has answered. The caller
// removes the form. What is no form at all has no fields.
func (s *Server) receiveForm(e *exchange, limit int64) (form, bool) {
	f := form{fields: map[string]string{}, files: map[string]upload{}}
	reader, err := e.r.MultipartReader()
	if err == nil {
		err = s.readForm(f, reader, limit)
	}
	if err == nil || errors.Is(err, http.ErrNotMultipart) {
		return f, true
	}
	f.remove()
	var malformed textproto.ProtocolError
	switch {
	case errors.Is(err, errTooLarge):
		e.text(http.StatusRequestEntityTooLarge, errTooLarge.Error()+"\n")
	case errors.Is(err, errTooManyFiles):
		e.text(http.StatusBadRequest, errTooManyFiles.Error()+"\n")
	case errors.Is(err, errInjected), errors.Is(err, http.ErrMissingBoundary), errors.Is(err, errPartsEnd), errors.As(err, &malformed):
		e.text(http.StatusBadRequest, "Bad Request\n")
	default:
		e.text(http.StatusInternalServerError, "Internal Server Error\n")
	}
	return f, false
}

func (s *Server) readForm(f form, reader *multipart.Reader, limit int64) error {
	room, own := int64(maxFormFields), map[string]bool{}
	for {
		part, err := reader.NextPart()
		switch {
		case errors.Is(err, io.EOF) && err.Error() == io.EOF.Error():
			return nil
		case errors.Is(err, io.EOF): // the package tells where it met it only in its text
			return errPartsEnd
		case err != nil:
			return err
		}
		_, parameters, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
		name, file := parameters["name"], parameters["filename"]
		switch {
		case err != nil || name == "":
		case own[name]:
			return errInjected
		case file != "":
			err = s.readFilePart(f, name, file, part, limit)
			for _, field := range []string{"name", "path", "remote_url", "remote_id", "size", "md5", "sha1", "sha256", "sha512"} {
				own[name+"."+field] = true
			}
			if err != nil {
				return err
			}
		default:
			text, err := io.ReadAll(io.LimitReader(part, room+1))
			if room -= int64(len(text)); err == nil && room < 0 {
				err = errTooLarge
			}
			if err != nil {
				return err
			}
			f.fields[name] = string(text)
		}
	}
}

func (s *Server) readFilePart(f form, name, file string, part io.Reader, limit int64) error {
	_, twice := f.files[name]
	base := filepath.Base(file)
	switch {
	case len(f.files) >= maxFormFiles:
		return errTooManyFiles
	case slices.Contains([]string{".", "..", "/"}, base):
		return errors.New("illegal filename")
	case twice:
		return errTwice
	}
	b, err := s.receive(part, -1, limit)
	if err == nil {
		f.files[name] = upload{name: sanitized(base), body: b}
	}
	return err
}

var notInFileNames = regexp.MustCompile(`[^\p{L}\p{M}\p{N}\p{Pc}.\-+]`)

// sanitized is a client's file name as GitLab keeps it: CarrierWave's pattern, whose words are those of Unicode.
func sanitized(name string) string {
	name = filepath.Base(strings.ReplaceAll(name, `\`, "/"))
	name = notInFileNames.ReplaceAllString(name, "_")
	if strings.Trim(name, ".") == "" {
		return "_" + name
	}
	return name
}
