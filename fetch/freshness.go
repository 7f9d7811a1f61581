package fetch

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// freshness is RFC 9111 section 4.2 for a private cache that knows max-age
// only; negative where the sender says nothing.
func freshness(header http.Header) time.Duration {
	fresh := time.Duration(-1)
	for directive := range strings.SplitSeq(strings.Join(header.Values("Cache-Control"), ","), ",") {
		name, value, _ := strings.Cut(strings.ToLower(strings.TrimSpace(directive)), "=")
		switch name {
		case "no-store", "no-cache":
			return 0
		case "max-age":
			fresh = seconds(strings.Trim(value, `"`))
		}
	}
	if fresh < 0 {
		return fresh
	}
	return max(0, fresh-seconds(header.Get("Age")))
}

// seconds takes what is no number for 0, and what is beyond 31 bits for their
// greatest (RFC 9111 section 1.2.2).
func seconds(text string) time.Duration {
	n, _ := strconv.ParseUint(text, 10, 31)
	return time.Duration(n) * time.Second
}
