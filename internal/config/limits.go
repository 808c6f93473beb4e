package config

import "pkgferry/internal/artifact"

// MaxFileSizes are the largest files that the target takes, where the file says so.
func (l TargetLimits) MaxFileSizes() map[artifact.Format]int64 {
	sizes := map[artifact.Format]int64{}
	for format, size := range l.MaxFileSize {
		sizes[format] = int64(size)
	}
	return sizes
}

// Rate is the stricter of the two request limits, in requests per second; 0 is none.
func (l Rates) Rate() float64 {
	perMinute := l.PerMinute / 60
	if l.PerSecond == 0 || perMinute > 0 && perMinute < l.PerSecond {
		return perMinute
	}
	return l.PerSecond
}
