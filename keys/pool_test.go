package keys_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/keys/keystest"
)

// Who asks for another algorithm or size than the pool has gets no key of it.
func TestPoolKeysAreForWhoAsksForSuch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := keys.NewPool(1)
		ctx, stop := context.WithCancel(t.Context())
		go pool.Run(ctx)
		synctest.Wait() // until a key is ready
		stop()
		newKey := func(alg string, bits int) (keys.Key, error) {
			return pool.NewKey(keystest.Sealer(), tenant, bits)(alg)
		}
		if key, err := newKey(keys.ES256, 2048); err != nil || key.Alg != keys.ES256 || key.Bits != 0 {
			t.Errorf("ES256: %+v, %v", key, err)
		}
		if key, err := newKey(keys.RS256, 1024); err == nil {
			t.Errorf("1024 bits are made: %d", key.Bits)
		}
		if key, err := newKey(keys.PS256, 0); err != nil || key.Alg != keys.PS256 || key.Bits != 2048 {
			t.Errorf("PS256: %+v, %v", key, err)
		}
	})
}
