package fetch

import (
	"net/http"
	"testing"
	"time"
)

func TestFreshness(t *testing.T) {
	for _, test := range []struct {
		control, age string
		want         time.Duration
	}{
		{"", "", -1},
		{"public", "10", -1},
		{"public, Max-Age=300", "10", 290 * time.Second},
		{`max-age="300"`, "", 300 * time.Second},
		{"max-age=300", "301", 0},
		{"max-age=300, no-cache", "", 0},
		{"no-store", "", 0},
		{"max-age=soon", "", 0},
		{"max-age=99999999999999999999", "", (1<<31 - 1) * time.Second},
		{"max-age=300", "99999999999999999999", 0},
	} {
		if got := freshness(http.Header{"Cache-Control": {test.control}, "Age": {test.age}}); got != test.want {
			t.Errorf("%q at the age of %q is kept for %v, want %v", test.control, test.age, got, test.want)
		}
	}
}

// Whatever a host says about its answer, that is kept for no time, a time of
// whole seconds, or one that is not said.
func FuzzFreshness(f *testing.F) {
	f.Add("public, max-age=300", "10")
	f.Add(`max-age="5", MAX-AGE=99999999999999999999`, "-1")
	f.Add("max-age=1, no-store", "")
	f.Add("max-age", "99999999999999999999")
	f.Fuzz(func(t *testing.T, control, age string) {
		fresh := freshness(http.Header{"Cache-Control": {control}, "Age": {age}})
		if fresh != -1 && (fresh < 0 || fresh%time.Second != 0 || fresh > (1<<31)*time.Second) {
			t.Fatalf("%q of %q is kept for %v", control, age, fresh)
		}
		if forbidden := freshness(http.Header{"Cache-Control": {control, "no-store"}, "Age": {age}}); forbidden != 0 {
			t.Fatalf("%q with no-store is kept for %v", control, forbidden)
		}
	})
}
