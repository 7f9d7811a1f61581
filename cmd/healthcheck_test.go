package cmd

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestTheListenerIsReachedFromThisMachine(t *testing.T) {
	for listen, want := range map[string]string{
		":8080": "http://127.0.0.1:8080", "0.0.0.0:1": "http://127.0.0.1:1", "[::]:1": "http://[::1]:1",
		"10.0.0.1:1": "http://10.0.0.1:1", "localhost:1": "http://localhost:1",
	} {
		if got := listenerURL(&Settings{Listen: listen}); got != want {
			t.Errorf("listen %s: %s, want %s", listen, got, want)
		}
	}
	if got := listenerURL(&Settings{Listen: ":1", TLSCert: "x"}); got != "https://127.0.0.1:1" {
		t.Errorf("with TLS: %s", got)
	}
}

// The health check works whatever name the certificate is for, and only a 200
// is healthy.
func TestHealthcheck(t *testing.T) {
	status := http.StatusOK
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/elsewhere" {
			return
		}
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(r.URL.Path + " says so"))
	}))
	defer server.Close()
	listen := strings.TrimPrefix(server.URL, "https://")
	environ := []string{"GATEHOUSE_LISTEN=" + listen, "GATEHOUSE_TLS_CERT=c", "GATEHOUSE_TLS_KEY=k"}
	for answer, code := range map[int]int{http.StatusOK: exitOK, http.StatusServiceUnavailable: exitFailed, http.StatusFound: exitFailed} {
		status = answer
		var out strings.Builder
		if got := run(t.Context(), []string{"healthcheck", "--ready"}, environ, &out, &out); got != code {
			t.Errorf("an answer of %d: exit code %d, %s", answer, got, out.String())
		}
		if code != exitOK && !strings.Contains(out.String(), "/readyz says so") {
			t.Errorf("an answer of %d is told as %s", answer, out.String())
		}
	}
}
