package gitlab

// What this process sent and GitLab did not show yet: a listing from before must not pass for the truth.

import "time"

// sent is what this process published under a key and GitLab did not show yet.
type sent struct {
	id      int64 // 0 when GitLab did not tell
	at      time.Time
	promise bool // GitLab said yes
}

// publishing notes that something is about to be sent, published that GitLab took it.
func (v *inventory) publishing(k key) { v.note(k, sent{at: time.Now()}) }

func (v *inventory) published(k key) { v.note(k, sent{at: time.Now(), promise: true}) }

func (v *inventory) note(k key, s sent) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.sent[k] = s
}

// unshown tells what this process sent under a key and GitLab did not show yet.
func (v *inventory) unshown(k key) (sent, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	s, ok := v.sent[k]
	return s, ok
}

// seen ends the wait for what was sent under a key: another page than the listing told whether something is there.
func (v *inventory) seen(k key, there bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.sent, k)
	if _, ok := v.rows[k]; !ok && there {
		v.rows[k] = row{}
	}
}
