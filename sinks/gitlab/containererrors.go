package gitlab

// What the refusals of GitLab's container registry mean (registry/api/v2/errors.go, registry/api/errcode/register.go and
// registry/handlers/ in gitlab-org/container-registry). Their form is that of the OCI distribution specification
// (https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes). Those of the token endpoint stand
// in app/controllers/jwt_controller.rb and app/services/auth/container_registry_authentication_service.rb in gitlabhq/gitlabhq.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"time"

	"pkgferry/internal/artifact"
	"pkgferry/internal/fault"
	"pkgferry/internal/httpx"
)

// complaint is one error in an answer of the registry.
type complaint struct {
	Code   string          `json:"code"`
	Detail json.RawMessage `json:"detail"`
}

var complaintCode = regexp.MustCompile(`"code"\s*:\s*"([A-Z_]{1,64})"`)

// complaints are the errors in an answer's body; of one that was cut at httpx's cap, their codes.
func complaints(body string) []complaint {
	var answer struct {
		Errors []complaint `json:"errors"`
	}
	if json.Unmarshal([]byte(body), &answer) == nil {
		return answer.Errors
	}
	var all []complaint
	for _, found := range complaintCode.FindAllStringSubmatch(body, -1) {
		all = append(all, complaint{Code: found[1]})
	}
	return all
}

// complains tells whether err is an answer with one of these codes.
func complains(err error, codes ...string) bool {
	e, ok := errors.AsType[*httpx.StatusError](err)
	return ok && slices.ContainsFunc(complaints(e.Body), func(c complaint) bool { return slices.Contains(codes, c.Code) })
}

// detail is what a complaint says beside its message; "" for nothing.
func (c complaint) detail() string {
	var text string
	if json.Unmarshal(c.Detail, &text) != nil {
		text = string(c.Detail)
	}
	if text == "" || text == "{}" || text == "null" {
		return ""
	}
	return fmt.Sprintf(": %.300q", text)
}

// readOnlyWait is how long a registry in read-only mode is left alone: garbage is being collected, or it is upgraded.
const readOnlyWait = time.Minute

// verdict is what a refusal costs.
type verdict struct {
	reason artifact.Reason
	says   string
	// after is not negative when another attempt makes sense, and then how long to wait before it.
	after time.Duration
}

const never time.Duration = -1

// verdicts are those of the registry's codes.
var verdicts = map[string]verdict{
	"PROTECTED_TAG":                 {artifact.Protected, "a protection rule keeps the tag", never},
	"IMMUTABLE_TAG":                 {artifact.Protected, "the tag is immutable", never},
	"PROTECTED_MANIFEST":            {artifact.Protected, "a protection rule keeps the manifest", never},
	"DENIED":                        {artifact.NotPermitted, "the token may not do this", never},
	"NAME_INVALID":                  {artifact.NameNotAllowed, "the registry refuses the path", never},
	"TAG_INVALID":                   {artifact.VersionNotAllowed, "the registry refuses the tag", never},
	"MANIFEST_SIZE_LIMIT":           {artifact.ManifestTooLarge, "the manifest is over this registry's own limit", never},
	"MANIFEST_INVALID":              {artifact.TargetRejected, "the registry refuses the manifest", never},
	"MANIFEST_BLOB_UNKNOWN":         {artifact.TargetFailed, "the registry no longer has a part of the image", 0},
	"DIGEST_INVALID":                {artifact.TargetMismatch, "bytes changed on their way", 0},
	"SIZE_INVALID":                  {artifact.TargetMismatch, "bytes changed on their way", 0},
	"BLOB_UPLOAD_UNKNOWN":           {artifact.TargetFailed, "the registry gave the upload up", 0},
	"BLOB_UPLOAD_INVALID":           {artifact.TargetFailed, "the registry gave the upload up", 0},
	"RESUMABLE_BLOB_UPLOAD_INVALID": {artifact.TargetFailed, "the registry gave the upload up", 0},
	"CONTENT_RANGE_INVALID":         {artifact.TargetFailed, "the registry gave the upload up", 0},
	"RENAME_IN_PROGRESS":            {artifact.TargetFailed, "the project is being renamed or moved", 0},
}

// byRegistryStatus are those of answers without a code that is known: a proxy's, or the router's.
var byRegistryStatus = map[int]verdict{
	http.StatusUnauthorized:                 {artifact.NotPermitted, "the registry does not accept GitLab's token", never},
	http.StatusForbidden:                    {artifact.NotPermitted, "the token may not do this", never},
	http.StatusNotFound:                     {artifact.TargetFailed, "the registry does not know the repository", 0},
	http.StatusMethodNotAllowed:             {artifact.TargetFailed, "the registry is read-only now", readOnlyWait},
	http.StatusConflict:                     {artifact.TargetFailed, "the registry is busy with it", 0},
	http.StatusRequestEntityTooLarge:        {artifact.FileTooLarge, "a proxy before the registry takes no more", never},
	http.StatusRequestedRangeNotSatisfiable: {artifact.TargetFailed, "the registry gave the upload up", 0},
}

// refusal marks the error of a request to the registry with what it costs and why. A 401 does not end the run: GitLab
// took the credentials, so it is about one repository.
func refusal(err error) error {
	if err == nil {
		return nil
	}
	e, ok := errors.AsType[*httpx.StatusError](err)
	switch {
	case fault.CodeOf(err) != "":
		return fault.At(fault.Sink, err)
	case !ok:
		return fault.At(fault.Sink, unanswered(err))
	case unknownType(e) != "":
		return fault.At(fault.Sink, fault.Because(artifact.MediaTypeUnsupported, fmt.Errorf("%w: %w", notStored(unknownType(e)), e)))
	}
	for _, c := range complaints(e.Body) {
		if v, known := verdicts[c.Code]; known {
			return v.on(e, c.detail())
		}
	}
	if v, known := byRegistryStatus[e.Status]; known {
		if stale(e) {
			v.after = 0 // a token may have grown old while it waited for its turn
		}
		return v.on(e, describe(e))
	}
	if e.Status/100 == 5 || e.Status == http.StatusTooManyRequests || e.Status == http.StatusRequestTimeout {
		return verdict{artifact.TargetFailed, "the registry could not do it now", 0}.on(e, "")
	}
	return verdict{artifact.TargetRejected, "the registry refuses it", never}.on(e, "")
}

// on is the error that a refusal amounts to.
func (v verdict) on(e *httpx.StatusError, detail string) error {
	err := fmt.Errorf("%s: %w%s", v.says, e, detail)
	if v.after != never {
		err = fault.Temporary(err, max(v.after, e.RetryAfter))
	}
	return fault.At(fault.Sink, fault.Because(v.reason, err))
}

// unanswered is what a request without an answer costs: what httpx says.
func unanswered(err error) error {
	if fault.IsStop(err) || errors.Is(err, context.Canceled) {
		return err
	}
	return fault.Because(artifact.TargetFailed, err)
}

var unknownMediaType = regexp.MustCompile(`unknown media type: ([^\s"'\\]{1,255})`)

// unknownType is the media type that the registry's database does not know, and so refuses; "" for another refusal.
func unknownType(e *httpx.StatusError) string {
	if found := unknownMediaType.FindStringSubmatch(e.Body); e.Status == http.StatusBadRequest && found != nil {
		return found[1]
	}
	return ""
}

func notStored(mediaType string) error {
	return fault.Errorf(artifact.MediaTypeUnsupported, "GitLab's registry does not know the media type %.100q of a manifest, its config or its artifactType", mediaType)
}
