package server

import (
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"
	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
)

// againFor is how long a public document is given again without being made
// anew. What changes with the clock alone, a key's states, has far wider margins.
const againFor = 100 * time.Millisecond

// longestHost bounds the spellings of hosts that are remembered: a name of 253
// characters (RFC 1035 section 2.3.4), a dot and a port.
const longestHost = 260

// documents are the public documents as they were last given, by what was
// asked. Fleets of verifiers ask for the same few all the time.
type documents = lru.Cache[question, *answer]

// question is all of a request that a public document depends on.
type question struct{ host, path string }

// answer is a public document as it went out.
type answer struct {
	header   http.Header
	body     []byte
	etag     string
	at       time.Time
	heard    uint64 // the changes that this node had heard of before it was made
	answered map[int]prometheus.Observer
}

// again returns a handler that gives a public document again, if it was given
// a moment ago and this node has heard of no change since, and leaves every
// other request to next.
func (s *Server) again(next http.Handler) http.Handler {
	if s.Log.Core().Enabled(zap.DebugLevel) {
		return next // whose every request shall be in the log
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := s.Now()
		a, ok := s.documents.Get(question{s.requestHost(r), r.URL.Path})
		if !ok || r.Method != http.MethodGet || a.heard != s.Heard() || began.Sub(a.at) > againFor || s.leaving() {
			next.ServeHTTP(w, r)
			return
		}
		header := w.Header()
		maps.Copy(header, a.header)
		header["X-Request-Id"] = []string{newRequestID()}
		status := http.StatusOK
		if holds(r.Header.Get("If-None-Match"), a.etag) {
			status = http.StatusNotModified
			delete(header, "Content-Type")
			delete(header, "Content-Length")
			w.WriteHeader(status)
		} else {
			_, _ = w.Write(a.body) // what fails is the client's connection
		}
		a.answered[status].Observe(s.Now().Sub(began).Seconds())
	})
}

// keep has the document, which is about to go out with what stands in its
// header so far, given again for a moment.
func (s *Server) keep(c *gin.Context, body []byte, etag string) {
	x := of(c)
	if len(x.host) > longestHost {
		return
	}
	// The path is a part of the whole request line, which need not be kept.
	s.documents.Add(question{x.host, strings.Clone(c.Request.URL.Path)}, &answer{
		header: c.Writer.Header().Clone(), body: body, etag: etag, at: x.began, heard: x.heard,
		answered: map[int]prometheus.Observer{
			http.StatusOK:          s.Metrics.requests.WithLabelValues(c.FullPath(), strconv.Itoa(http.StatusOK)),
			http.StatusNotModified: s.Metrics.requests.WithLabelValues(c.FullPath(), strconv.Itoa(http.StatusNotModified)),
		},
	})
}

// changes counts a change at every look, for those who cannot tell.
type changes struct{ atomic.Uint64 }

func (n *changes) next() uint64 { return n.Add(1) }

// leaving reports whether the server is about to stop.
func (s *Server) leaving() bool {
	select {
	case <-s.Draining:
		return true
	default:
		return false
	}
}
