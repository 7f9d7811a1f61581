package faults

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/store"
)

// The master key is changed as docs/operators.md says, under load, while signing
// keys rotate too: a new one is added on every node, then put first, everything
// is wrapped anew by a command that is killed again and again and then runs on
// both nodes at once, and the old one is withdrawn.
func TestMasterKeyIsChangedUnderLoad(t *testing.T) {
	old, new := keys.GenerateMasterKey(), keys.GenerateMasterKey()
	times := shortTimes()
	times["MASTER_KEY"] = old
	f := newFleet(t, 2, "", times)
	c := f.seed()
	f.sealMuch(often(150, 1000))
	b := f.balanced(never)
	for _, n := range f.nodes {
		f.mustBeAnswered(b, c, n)
	}
	db, w := f.openStore(), f.watchKeys()
	l := startLoad(t, &asker{c, b}, often(50, 200), newVerifiers(t, f))

	f.restartWith(old + "," + new)
	f.restartWith(new + "," + old)
	rows, kills, stops := f.rewrap(db, sealerOf(t, new, old), often(5, 20))
	f.restartWith(new)

	answers := l.finish()
	w.finish(t)
	wantNone(t, "requests that failed", refusals(answers))
	wantNone(t, "tokens that a verifier refused", unverifiable(answers))
	opened, closed := openAll(t, db, sealerOf(t, new))
	if closed > 0 || int64(opened) < rows {
		t.Errorf("%d of %d sealed rows do not open with the new master key alone", closed, opened+closed)
	}
	f.mustRefuse(old)
	fault := fmt.Sprintf("master key changed on 2 nodes under load, the command killed %d times", kills)
	figure(t, fault, "sealed rows that cannot be opened with the new key alone", "%d of %d (killed at %s of %d)", closed, opened+closed, strings.Join(stops, ", "), rows)
	figure(t, fault, "requests that failed", "%d of %d", len(refusals(answers)), len(answers))
}

func sealerOf(t *testing.T, texts ...string) *keys.Sealer {
	t.Helper()
	list, err := keys.ParseMasterKeys(strings.Join(texts, ","))
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := keys.NewSealer(list...)
	if err != nil {
		t.Fatal(err)
	}
	return sealer
}

// sealMuch makes tenants, each with a pepper, and some with signing keys and a
// secret that a client signs with.
func (f *fleet) sealMuch(count int) {
	f.t.Helper()
	for i := range count {
		slug := fmt.Sprintf("tenant-%d", i)
		f.mustCall("POST", "tenants", object{"slug": slug, "name": slug, "signing_alg": "ES256"}, nil)
		if i%10 != 0 {
			continue
		}
		f.mustCall("POST", "tenants/"+slug+"/clients", object{
			"name": "signs", "grant_types": []string{"client_credentials"}, "token_endpoint_auth_method": "client_secret_jwt",
		}, nil)
		f.mustCall("POST", "tenants/"+slug+"/clients", object{
			"name": "asks", "client_id": "asks", "client_secret": askSecret, "grant_types": []string{"client_credentials"},
		}, nil)
	}
}

// restartWith gives every node another list of master keys, one node after the
// other, and has a signing key made before, between and after.
func (f *fleet) restartWith(list string) {
	f.t.Helper()
	f.set("MASTER_KEY", list)
	for _, n := range f.nodes {
		f.rotateAtEach()
		if _, err := n.end(syscall.SIGTERM); err != nil {
			f.t.Errorf("serve did not end well: %v", err)
		}
		n.start(f.t)
		n.mustBeReady(f.t)
	}
	f.rotateAtEach()
}

const askSecret = "a-secret-that-is-long-enough-for-it"

// rotateAtEach has each node make and seal a signing key, and every node sign
// with it.
func (f *fleet) rotateAtEach() {
	f.t.Helper()
	b := f.balanced(never)
	for i, n := range f.nodes {
		slug := fmt.Sprintf("tenant-%d", 10*i)
		for range 2 { // the first time, the key signs that was published before
			if err := f.callAt(n, "POST", "tenants/"+slug+"/signing-keys/rotate", object{"immediately": true, "force": true}, nil); err != nil {
				f.t.Error(err)
			}
		}
		time.Sleep(300 * time.Millisecond) // until all have heard
		for _, signer := range f.nodes {
			form := url.Values{"grant_type": {"client_credentials"}}
			response, body, err := post(at(f.t.Context(), signer), b, publicURL+"/t/"+slug+"/oauth2/token", client{"asks", askSecret}, form)
			if err != nil || response.StatusCode != http.StatusOK {
				f.t.Errorf("a node cannot sign with what another one sealed: %s %v", body, err)
			}
		}
	}
}

// rewrap runs the command until it was killed that often, and then twice at once to
// its end. It returns how many rows there were to wrap, how often it was killed
// and how many were done then.
func (f *fleet) rewrap(db *store.DB, sealer *keys.Sealer, kills int) (rows int64, killed int, stops []string) {
	f.t.Helper()
	left := func() (count int64) {
		sealed, err := db.SealedBy(f.t.Context())
		if err != nil {
			f.t.Fatal(err)
		}
		for by, n := range sealed {
			if by != sealer.ID() {
				count += n
			}
		}
		return count
	}
	rows = left()
	for killed < kills && left() > 0 {
		command := f.command("master-key", "rotate")
		before := left()
		if err := command.Start(); err != nil {
			f.t.Fatal(err)
		}
		share := before / int64(kills-killed+1)
		for left() > before-rand.Int64N(share+1) { // wait until it is in the middle
			time.Sleep(2 * time.Millisecond)
		}
		if err := command.Process.Kill(); err != nil {
			f.t.Fatal(err)
		}
		_ = command.Wait()
		killed++
		stops = append(stops, fmt.Sprint(rows-left()))
	}
	if killed < 5 { // it may get through sooner than it could be killed for the last time
		f.t.Errorf("the command was through after %d kills: there is too little to wrap", killed)
	}
	var last sync.WaitGroup
	for range 2 { // two nodes may do it at once
		last.Go(func() {
			out, err := f.order("master-key", "rotate")
			if err != nil || !strings.Contains(string(out), sealer.IDs()[1]+" seals nothing") {
				f.t.Errorf("the command said %s, %v", out, err)
			}
		})
	}
	last.Wait()
	if left() > 0 {
		f.t.Errorf("%d rows are not wrapped anew", left())
	}
	return rows, killed, stops
}

// openAll opens everything that is sealed.
func openAll(t *testing.T, db *store.DB, sealer *keys.Sealer) (opened, closed int) {
	t.Helper()
	rows, err := db.SealedNotBy(t.Context(), "", 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	purposes := map[string]string{
		keys.KindSigningKey: keys.PurposeSigningKey, keys.KindPepper: keys.PurposePepper, keys.KindClientSecret: keys.PurposeClientSecret,
	}
	kinds := map[string]int{}
	for _, row := range rows {
		kinds[row.Kind]++
		if _, err := sealer.Open(row.Sealed, purposes[row.Kind], row.TenantID, row.ID); err != nil {
			t.Errorf("%s %s: %v", row.Kind, row.ID, err)
			closed++
			continue
		}
		opened++
	}
	for kind := range purposes {
		if kinds[kind] == 0 {
			t.Errorf("nothing of kind %s was sealed: nothing was shown of it", kind)
		}
	}
	return opened, closed
}

// mustRefuse starts one more node with a master key that does not fit.
func (f *fleet) mustRefuse(masterKey string) {
	f.t.Helper()
	f.set("MASTER_KEY", masterKey)
	n := &node{address: freeAddress(f.t), env: f.env}
	n.start(f.t)
	select {
	case <-n.ended:
	case <-time.After(20 * time.Second):
		n.kill()
		f.t.Error("serve with a wrong master key goes on")
		return
	}
	if said := n.log.String(); n.err == nil || !strings.Contains(said, "wrong master key: the database needs ") {
		f.t.Errorf("serve with a wrong master key ended with %v and said %s", n.err, said)
	}
}
