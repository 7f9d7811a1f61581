package tenants_test

import (
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/tenants"
)

// What was granted before somebody got their id is not theirs; nodes' clocks may
// differ by less than a second.
func TestWhatIsOlderThanWhoHasTheID(t *testing.T) {
	at := time.Unix(1000, 0)
	for after, older := range map[time.Duration]bool{-time.Second: false, 0: false, time.Second - 1: false, time.Second: true} {
		u, c := &tenants.User{CreatedAt: at.Add(after)}, &tenants.Client{CreatedAt: at.Add(after)}
		f := &tenants.RefreshFamily{CreatedAt: at}
		if got := f.Before(u, &tenants.Client{}); got != older {
			t.Errorf("a family, of a user made %v later: %v", after, got)
		}
		if got := f.Before(&tenants.User{}, c); got != older {
			t.Errorf("a family, of a client made %v later: %v", after, got)
		}
		if got := (&tenants.DeviceCode{SignedInAt: &at}).Before(u); got != older {
			t.Errorf("an approved device, of a user made %v later: %v", after, got)
		}
	}
	if (&tenants.DeviceCode{}).Before(&tenants.User{CreatedAt: at}) {
		t.Error("nobody has approved")
	}
}
