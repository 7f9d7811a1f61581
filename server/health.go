package server

import (
	"net/http"

	"github.com/gin-gonic/gin"
)

// health adds what probes ask.
func (s *Server) health(router gin.IRouter) {
	router.Match(look(), "/healthz", s.healthz)
	router.Match(look(), "/readyz", s.bounded(s.readyz))
}

// healthz says that the process answers.
func (s *Server) healthz(c *gin.Context) {
	of(c).routine = true
	c.JSON(http.StatusOK, gin.H{"status": "ok"})
}

// readyz says whether this node should be sent requests, and what is missing:
// every check by its name, "ok" or what is wrong.
func (s *Server) readyz(c *gin.Context) {
	status, checks := http.StatusOK, map[string]string{}
	for name, check := range s.Ready {
		checks[name] = "ok"
		if err := check(c.Request.Context()); err != nil {
			status, checks[name] = http.StatusServiceUnavailable, "failed"
			of(c).failure = AsFailure(err)
		}
	}
	select {
	case <-s.Draining:
		status, checks["draining"] = http.StatusServiceUnavailable, "this node is about to stop"
	default:
	}
	of(c).routine = status == http.StatusOK
	c.JSON(status, gin.H{"ready": status == http.StatusOK, "checks": checks})
}
