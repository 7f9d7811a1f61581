package server_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/dialects"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// guess knocks at one door after the other in the wrong way until each says to
// wait, and returns how many guesses were judged before. What is right is then
// refused, too.
func (h *house) guess(t *testing.T, doors []door, wrong knock) (judged int) {
	t.Helper()
	for waits := 0; waits < len(doors); {
		waits = 0
		for _, d := range doors {
			r := h.knock(d, wrong)
			if r.status < 400 || r.token() != "" {
				t.Fatalf("%s: a guess was right: %s", d.name(), r.body)
			}
			if r.status == http.StatusTooManyRequests {
				waits++
			} else {
				judged++
			}
		}
		if judged > 100 {
			t.Fatal("100 guesses were judged")
		}
	}
	for _, d := range doors {
		if r := h.knock(d, right("acme")); r.status != http.StatusTooManyRequests || r.header.Get("Retry-After") == "" {
			t.Errorf("%s, after too many guesses: %d %s", d.name(), r.status, r.body)
		}
	}
	return judged
}

// All doors count together: a door that would not count, or would not look at the
// count, could be guessed at for ever.
func TestDialectsLockOutTogether(t *testing.T) {
	h := street(t)
	var ofPeople, ofClients []door
	for _, d := range append(doors(), routes()...) {
		if d.grant == "" && d.route.Operation == dialects.Token {
			continue
		}
		if d.personal() {
			ofPeople = append(ofPeople, d)
		}
		proves := d.grant != "" || slices.Contains([]dialects.Operation{dialects.Introspect, dialects.Revoke, dialects.DeviceAuthorization}, d.route.Operation)
		if proves && !d.standsIn() {
			ofClients = append(ofClients, d)
		}
	}
	wrong := right("acme")
	wrong.password = "wrong"
	if len(ofPeople) > tenants.AttemptsAllowed || len(ofClients) > failuresOfAClient {
		t.Fatalf("%d and %d doors: some are not guessed at", len(ofPeople), len(ofClients))
	}
	if judged := h.guess(t, ofPeople, wrong); judged != tenants.AttemptsAllowed {
		t.Errorf("%d passwords of a person were judged", judged)
	}
	wrong = right("acme")
	wrong.secret = "wrong"
	if judged := h.guess(t, ofClients, wrong); judged != failuresOfAClient {
		t.Errorf("%d secrets of a client were judged", judged)
	}
	h.toldNobody(doorSecret, doorPassword, "ann-acme")
}

// toldNobody looks for what was sent in what was logged and counted.
func (h *house) toldNobody(secrets ...string) {
	h.t.Helper()
	var told bytes.Buffer
	for _, entry := range h.logs.All() {
		text, err := json.Marshal(entry.ContextMap())
		if err != nil {
			h.t.Fatal(err)
		}
		told.Write(text)
	}
	told.WriteString(h.metricsText())
	if !strings.Contains(told.String(), "request_id") || !strings.Contains(told.String(), "gatehouse_token_requests_total") {
		h.t.Error("nothing was told at all")
	}
	for _, secret := range secrets {
		if strings.Contains(told.String(), secret) {
			h.t.Errorf("%q was told to the log or the metrics", secret)
		}
	}
}

func (h *house) metricsText() string {
	recorder := httptest.NewRecorder()
	h.metrics.Handler().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return recorder.Body.String()
}
