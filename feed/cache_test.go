package feed_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/gatehouse-auth/gatehouse/feed"
)

// value returns a source that always answers v.
func value(v string) func(context.Context) (string, bool, error) {
	return func(context.Context) (string, bool, error) { return v, true, nil }
}

func mustNotLoad(t *testing.T) func(context.Context) (string, bool, error) {
	return func(context.Context) (string, bool, error) {
		t.Error("the source was asked for what is kept")
		return "", false, nil
	}
}

func get(t *testing.T, c *feed.Cache[string, string], key string, source func(context.Context) (string, bool, error)) (string, bool) {
	t.Helper()
	v, found, err := c.Get(t.Context(), key, source)
	if err != nil {
		t.Fatal(err)
	}
	return v, found
}

func TestCacheKeepsAnswersAndAbsence(t *testing.T) {
	c := feed.NewCache[string, string](10)
	get(t, c, "a", value("1"))
	if v, found := get(t, c, "a", mustNotLoad(t)); v != "1" || !found {
		t.Errorf("got %q %v", v, found)
	}
	get(t, c, "none", func(context.Context) (string, bool, error) { return "", false, nil })
	if _, found := get(t, c, "none", mustNotLoad(t)); found {
		t.Error("an absent key was found")
	}
	if hits, misses := c.Stats(); hits != 2 || misses != 2 {
		t.Errorf("hits %d, misses %d", hits, misses)
	}
	c.Drop("none")
	if v, _ := get(t, c, "none", value("now")); v != "now" {
		t.Errorf("after the drop got %q", v)
	}
	c.DropIf(func(key, value string) bool { return key == "none" && value == "now" })
	get(t, c, "a", mustNotLoad(t))
	if v, _ := get(t, c, "none", value("later")); v != "later" {
		t.Errorf("what the condition holds for is %q still", v)
	}
}

func TestGuessedKeysPushOutNoValue(t *testing.T) {
	c := feed.NewCache[string, string](2)
	get(t, c, "known", value("1"))
	for _, guess := range []string{"a", "b", "c", "d"} {
		get(t, c, guess, func(context.Context) (string, bool, error) { return "", false, nil })
	}
	get(t, c, "known", mustNotLoad(t))
}

func TestCacheKeepsNoError(t *testing.T) {
	c := feed.NewCache[string, string](10)
	away := errors.New("away")
	if _, _, err := c.Get(t.Context(), "a", func(context.Context) (string, bool, error) { return "", false, away }); !errors.Is(err, away) {
		t.Fatalf("got %v", err)
	}
	if v, _ := get(t, c, "a", value("1")); v != "1" {
		t.Errorf("got %q", v)
	}
}

// A load that began before a change must not be kept after it.
func TestFillThatBeganBeforeAnEventIsNotKept(t *testing.T) {
	drops := map[string]func(*feed.Cache[string, string]){
		"Drop":   func(c *feed.Cache[string, string]) { c.Drop("a") },
		"DropIf": func(c *feed.Cache[string, string]) { c.DropIf(func(string, string) bool { return false }) },
		"Reset":  func(c *feed.Cache[string, string]) { c.Reset() },
	}
	for name, drop := range drops {
		t.Run(name, func(t *testing.T) {
			c := feed.NewCache[string, string](10)
			began, finish := make(chan struct{}), make(chan struct{})
			var wg sync.WaitGroup
			wg.Go(func() {
				v, _ := get(t, c, "a", func(context.Context) (string, bool, error) {
					close(began)
					<-finish
					return "old", true, nil
				})
				if v != "old" {
					t.Errorf("who waited got %q", v)
				}
			})
			<-began
			drop(c)
			if v, _ := get(t, c, "a", value("new")); v != "new" {
				t.Errorf("after the drop a caller got %q", v)
			}
			close(finish)
			wg.Wait()
			if v, _ := get(t, c, "a", value("newer")); v != "new" {
				t.Errorf("kept %q", v)
			}
		})
	}
}

func TestCallersShareOneLoad(t *testing.T) {
	c := feed.NewCache[string, string](10)
	began, finish := make(chan struct{}), make(chan struct{})
	loads := 0 // a second load would be a race, too
	source := func(context.Context) (string, bool, error) {
		loads++
		close(began)
		<-finish
		return "1", true, nil
	}
	impatient, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, _, err := c.Get(impatient, "a", source); !errors.Is(err, context.Canceled) {
			t.Errorf("the caller who gave up got %v", err)
		}
	})
	<-began
	for range 8 {
		wg.Go(func() {
			if v, _ := get(t, c, "a", source); v != "1" {
				t.Errorf("got %q", v)
			}
		})
	}
	cancel()
	close(finish)
	wg.Wait()
	if loads != 1 {
		t.Errorf("%d loads", loads)
	}
}

func TestDroppedValueServesWhoAcceptsItWhereTheSourceFails(t *testing.T) {
	away := func(context.Context) (string, bool, error) { return "", false, errors.New("away") }
	accepting := feed.AcceptLast(t.Context())
	drops := map[string]struct {
		drop func(*feed.Cache[string, string])
		want string
	}{
		"Drop":            {func(c *feed.Cache[string, string]) { c.Drop("a") }, "1"},
		"Drop twice":      {func(c *feed.Cache[string, string]) { c.Drop("a"); c.Drop("a") }, "1"},
		"DropIf":          {func(c *feed.Cache[string, string]) { c.DropIf(func(string, string) bool { return true }) }, "1"},
		"Reset":           {func(c *feed.Cache[string, string]) { c.Reset() }, ""},
		"gone since":      {func(c *feed.Cache[string, string]) { c.Drop("a"); get(t, c, "a", none); c.Drop("a") }, ""},
		"loaded since":    {func(c *feed.Cache[string, string]) { c.Drop("a"); get(t, c, "a", value("2")); c.Drop("a") }, "2"},
		"never kept here": {func(c *feed.Cache[string, string]) { c.Reset(); get(t, c, "b", value("1")); c.Drop("b") }, ""},
	}
	for name, test := range drops {
		t.Run(name, func(t *testing.T) {
			c := feed.NewCache[string, string](10)
			get(t, c, "a", value("1"))
			test.drop(c)
			if v, found, err := c.Get(accepting, "a", away); v != test.want || found != (test.want != "") || found != (err == nil) {
				t.Errorf("who accepts it got %q %v %v, want %q", v, found, err, test.want)
			}
			if v, found, err := c.Get(t.Context(), "a", away); err == nil {
				t.Errorf("who does not got %q %v", v, found)
			}
			if v, found, err := c.Get(accepting, "a", value("now")); v != "now" || !found || err != nil {
				t.Errorf("where the source answers: %q %v %v", v, found, err)
			}
		})
	}
}

func none(context.Context) (string, bool, error) { return "", false, nil }

func TestAmendingChangesWhatIsKeptAndWhatIsBeingLoaded(t *testing.T) {
	c := feed.NewCache[string, *int](10)
	load := func(n int) func(context.Context) (*int, bool, error) {
		return func(context.Context) (*int, bool, error) { return &n, true, nil }
	}
	add := func(n *int) { *n++ }
	c.Amend("a", add) // nothing is kept
	if n, _, err := c.Get(t.Context(), "a", load(1)); err != nil || *n != 1 {
		t.Fatalf("got %v, %v", n, err)
	}
	c.Amend("a", add)
	if n, _, _ := c.Get(t.Context(), "a", load(10)); *n != 2 {
		t.Errorf("got %d", *n)
	}
	// What is read while an amendment comes is older than it, and not kept.
	began, goOn := make(chan struct{}), make(chan struct{})
	go func() {
		<-began
		c.Amend("b", add)
		close(goOn)
	}()
	_, _, err := c.Get(t.Context(), "b", func(context.Context) (*int, bool, error) {
		close(began)
		<-goOn
		old := 1
		return &old, true, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n, _, _ := c.Get(t.Context(), "b", load(7)); *n != 7 {
		t.Errorf("what was read before the amendment is kept: %d", *n)
	}
	// That there is none is forgotten, too.
	_, _, _ = c.Get(t.Context(), "c", func(context.Context) (*int, bool, error) { return nil, false, nil })
	c.Amend("c", add)
	if _, found, _ := c.Get(t.Context(), "c", load(1)); !found {
		t.Error("it is still absent")
	}
	seen := 0
	c.Each(func(n *int) { seen += *n })
	if seen != 2+7+1 {
		t.Errorf("saw values of %d in all", seen)
	}
}
