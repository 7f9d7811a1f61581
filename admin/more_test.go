package admin_test

import (
	"errors"
	"github.com/gatehouse-auth/gatehouse/admin"
	"testing"
)

func wantCode(t *testing.T, err error, code admin.Code) {
	t.Helper()
	var got *admin.Error
	if !errors.As(err, &got) || got.Code != code {
		t.Fatalf("got %v, want code %s", err, code)
	}
}

const checksumOfZero = "000000"
