package gitlab

// DistrustListings makes the sink list the tags of a repository afresh whenever it needs them, as it does after a minute.
func (s *Sink) DistrustListings() { s.images.holds = 0 }
