package grants_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/grants"
)

// Who tries to be anybody is counted by the household, which has more addresses
// than there are attempts; next door nothing is counted.
func TestAttemptsOfAHouseholdAreOneCount(t *testing.T) {
	throttle := grants.NewThrottle(func() time.Time { return time.Unix(1000, 0) })
	refused := 0
	for i := range 110 {
		if throttle.Take(grants.ByAddress("acme", "person", fmt.Sprintf("2001:db8:0:7::%x", i+1))) > 0 {
			refused++
		}
	}
	if refused != 10 {
		t.Errorf("%d of 110 attempts were refused, want 10", refused)
	}
	if wait := throttle.Take(grants.ByAddress("acme", "person", "2001:db8:0:8::1")); wait > 0 {
		t.Errorf("next door has to wait %v", wait)
	}
}
