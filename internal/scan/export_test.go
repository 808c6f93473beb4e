package scan

import "context"

// Rewritten is what is found in the text of a file, and the text after it was rewritten.
func (s *Scanner) Rewritten(ctx context.Context, path, text string) (found []Finding, after string, err error) {
	doc := &document{path: path, kind: kindOf(path), text: []byte(text), lower: asciiLower([]byte(text))}
	edits, err := s.edits(ctx, doc)
	for _, e := range edits {
		found = append(found, e.Finding)
	}
	return found, string(apply(doc.text, edits)), err
}
