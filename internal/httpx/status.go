package httpx

import (
	"fmt"
	"io"
	"net/http"
	"time"
)

const maxErrorBody = 2 << 10

// StatusError is an answer that is not a success.
type StatusError struct {
	Status     int
	Method     string
	URL        string // redacted
	Body       string // at most 2 KiB, redacted
	Header     http.Header
	RetryAfter time.Duration // what the server asked for; 0 when it did not
	Name       string        // Options.Name
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("%s: %s %s: %d %s", e.Name, e.Method, e.URL, e.Status, e.Message())
}

// Message is the server's reason: the JSON body's message, detail or error, else its text.
func (e *StatusError) Message() string { return e.Body }

func (c *Client) statusError(req *http.Request, resp *http.Response) *StatusError {
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	resp.Body.Close()
	return &StatusError{Status: resp.StatusCode, Method: req.Method, URL: req.URL.Redacted(), Body: string(body), Header: resp.Header, Name: c.o.Name}
}
