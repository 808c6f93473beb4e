package gitlab

// What GitLab's refusals mean (GitLab: lib/api/helpers.rb, lib/api/maven_packages.rb, lib/api/npm_project_packages.rb,
// lib/api/generic_packages.rb, lib/api/pypi_packages.rb, app/services/packages/terraform_module; Workhorse's own answers:
// workhorse/internal/upload).

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	gitlab "gitlab.com/gitlab-org/api/client-go/v2"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/internal/httpx"
)

// statusOf is the status of an answer that was no success; 0 for any other error.
func statusOf(err error) int {
	if e, ok := errors.AsType[*httpx.StatusError](err); ok {
		return e.Status
	}
	if errors.Is(err, gitlab.ErrNotFound) {
		return http.StatusNotFound
	}
	return 0
}

func says(err error, text string) bool {
	e, ok := errors.AsType[*httpx.StatusError](err)
	return ok && strings.Contains(strings.ToLower(e.Message()), strings.ToLower(text))
}

// duplicate tells that GitLab holds a file of this name and may not take another.
func duplicate(err error) bool {
	for _, text := range []string{
		"Duplicate package is not allowed", "Package already exists", "File name has already been taken",
		"name & version already exists in the project", "Package version already exists",
	} {
		if says(err, text) {
			return true
		}
	}
	return false
}

// meaning marks the error of a request with what it costs and why. What httpx marked stays: 401 ends the run; a lost
// connection, 429 and 5xx are temporary.
func meaning(err error) error {
	if err == nil {
		return nil
	}
	return fault.At(fault.Sink, byStatus(err))
}

func byStatus(err error) error {
	switch status := statusOf(err); {
	case status == http.StatusUnauthorized:
		return fault.Stop(fmt.Errorf("GitLab does not accept the token: %w", err))
	case says(err, "Package protected"):
		return fault.Because(artifact.Protected, err)
	case duplicate(err):
		return fault.Because(artifact.TargetRejected, err)
	case says(err, "same name already exists in the namespace"):
		return fault.Because(artifact.NameCollision, fmt.Errorf("another project below the same root group has a module of this name: %w", err))
	case status == http.StatusForbidden:
		return fault.Because(artifact.NotPermitted, fmt.Errorf("the token may not do this; publishing needs the role Developer and a project that is not archived: %w", err))
	case status == http.StatusNotFound:
		return fault.Because(artifact.NotPermitted, fmt.Errorf("the project is gone, or the token can not see it: %w", err))
	case status == http.StatusRequestEntityTooLarge, says(err, "File is too large"):
		return fault.Because(artifact.FileTooLarge, err)
	case status == http.StatusConflict, says(err, "Could not obtain package lease"), says(err, "Name has already been taken"):
		return fault.Temporary(fault.Because(artifact.TargetFailed, err), 0)
	case status >= 400 && status < 500 && status != http.StatusTooManyRequests && status != http.StatusRequestTimeout:
		return fault.Because(artifact.TargetRejected, err)
	}
	if fault.IsStop(err) || errors.Is(err, context.Canceled) {
		return err
	}
	if _, marked := fault.IsTemporary(err); !marked && statusOf(err) != 0 {
		err = fault.Temporary(err, 0) // a read that httpx gave up: the server may recover
	}
	return fault.Because(artifact.TargetFailed, err)
}
