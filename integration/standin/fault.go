package standin

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// The kinds of faults beside status numbers.
const (
	Flip  = "flip"  // one byte of the body is changed in transit
	Cut   = "cut"   // the body ends early although its Content-Length is right
	Short = "short" // the body ends early and its Content-Length says so: only a digest can tell
	Reset = "reset" // the connection is reset
	Stall = "stall" // nothing moves any more until the client gives up

	ObjectStore = "objectstore" // the store behind the server refuses what was uploaded
	Lock        = "lock"        // another request holds the lock that an upload needs
	Trim        = "trim"        // a listing ends early, and the server says so in its own way
)

// The stages at which a fault strikes.
const (
	List   = "list"   // a listing
	Read   = "read"   // a file's download
	Write  = "write"  // a file's upload, before it is stored
	Stored = "stored" // a file's upload, after it was stored and before the answer
	Settle = "settle" // background work; only a status number makes sense here

	// Those of a container registry.
	Token    = "token"    // a registry's token
	Blob     = "blob"     // a blob's download
	Upload   = "upload"   // a request of a blob's upload
	Manifest = "manifest" // a manifest's download or push
	Index    = "index"    // the push of an image index
)

// Stages are all of them.
func Stages() []string {
	return []string{List, Read, Write, Stored, Settle, Token, Blob, Upload, Manifest, Index}
}

// Fault is one thing that goes wrong: KIND@STAGE=RATE.
type Fault struct {
	Kind, Stage string
	// Rate from 0 to below 1 is a probability; a whole number N from 1 on means the first N times.
	Rate float64
}

// inner are the faults behind a server's front, each with its stage: a stand-in asks for them with Hit where its server
// would meet them.
var inner = map[string]string{ObjectStore: Write, Lock: Write, Trim: List}

// ParseFault reads KIND@STAGE=RATE, for example flip@write=0.1, or 500@stored=3 for the first three uploads.
func ParseFault(s string) (Fault, error) {
	what, rate, ok := strings.Cut(s, "=")
	kind, stage, at := strings.Cut(what, "@")
	if !ok || !at {
		return Fault{}, fmt.Errorf("fault %q is not KIND@STAGE=RATE", s)
	}
	if !slices.Contains([]string{Flip, Cut, Short, Reset, Stall, ObjectStore, Lock, Trim}, kind) && status(kind) == 0 {
		return Fault{}, fmt.Errorf("fault %q: kind %q is none of flip, cut, short, reset, stall, objectstore, lock, trim or a status from 400 to 599", s, kind)
	}
	if only := inner[kind]; only != "" && stage != only {
		return Fault{}, fmt.Errorf("fault %q: %s strikes at the stage %s only", s, kind, only)
	}
	if stages := Stages(); !slices.Contains(stages, stage) {
		return Fault{}, fmt.Errorf("fault %q: stage %q is none of %s", s, stage, strings.Join(stages, ", "))
	}
	number, err := strconv.ParseFloat(rate, 64)
	if err != nil || !(number >= 0) || number >= 1 && number != float64(int64(number)) {
		return Fault{}, fmt.Errorf("fault %q: rate %q is neither from 0 to 1 nor a whole number of times", s, rate)
	}
	return Fault{Kind: kind, Stage: stage, Rate: number}, nil
}

// status is the number of a status fault; 0 for the other kinds.
func status(kind string) int {
	n, err := strconv.Atoi(kind)
	if err != nil || n < 400 || n > 599 {
		return 0
	}
	return n
}

// Faults decides which requests a fault strikes. It is safe for concurrent use.
type Faults struct {
	// Refuse writes the answer of a status fault in the words of the server that is imitated; nil writes a JSON message.
	Refuse func(w http.ResponseWriter, r *http.Request, status int)

	mu     sync.Mutex
	list   []Fault
	struck []int // how often each was struck
	random *rand.Rand
}

// NewFaults returns the faults of list; random makes those by rate repeatable.
func NewFaults(list []Fault, random int64) *Faults {
	source := rand.NewPCG(uint64(random), 0)
	return &Faults{list: slices.Clone(list), struck: make([]int, len(list)), random: rand.New(source)}
}

// Hit tells whether a fault of this kind strikes now at this stage, and counts it when it does.
func (f *Faults) Hit(kind, stage string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, one := range f.list {
		if one.Kind == kind && one.Stage == stage && f.strike(i) {
			return true
		}
	}
	return false
}

// next returns the first fault that strikes now at stage; "" when none does.
func (f *Faults) next(stage string) (kind string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, one := range f.list {
		if one.Stage == stage && inner[one.Kind] == "" && f.strike(i) {
			return one.Kind
		}
	}
	return ""
}

func (f *Faults) strike(i int) bool {
	rate := f.list[i].Rate
	hit := f.random.Float64() < rate
	if rate >= 1 {
		hit = f.struck[i] < int(rate)
	}
	if hit {
		f.struck[i]++
	}
	return hit
}

// Status returns the status number of a fault that strikes now at stage, for work that is no HTTP exchange; 0 when none does.
func (f *Faults) Status(stage string) int { return status(f.next(stage)) }

// Add makes another thing go wrong from now on.
func (f *Faults) Add(one Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list, f.struck = append(f.list, one), append(f.struck, 0)
}

// Clear ends every fault.
func (f *Faults) Clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list, f.struck = nil, nil
}

func (f *Faults) refuse(w http.ResponseWriter, r *http.Request, code int) {
	if f.Refuse != nil {
		f.Refuse(w, r, code)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = fmt.Fprintf(w, `{"message":"%d %s"}`, code, http.StatusText(code))
}
