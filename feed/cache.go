package feed

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"

	lru "github.com/hashicorp/golang-lru/v2"
)

// Cache keeps the answers of a slower source, and that there is none. An
// answer that was being loaded when its key was dropped is handed to those who
// waited for it and not kept, so that nothing older than the drop stays. What
// was dropped serves only callers who accept it, see AcceptLast. Keys are texts,
// or have a method Own that returns a copy which shares no text with anything
// else. It is safe for concurrent use.
type Cache[K comparable, V any] struct {
	kept    *lru.Cache[K, V]
	last    *lru.Cache[K, V]        // dropped, and not loaded since
	absent  *lru.Cache[K, struct{}] // apart, so that guessed keys push out no value
	mu      sync.Mutex
	loading map[K]*load[V]
	hits    atomic.Uint64
	misses  atomic.Uint64
}

// load is one call of the source that several callers may wait for.
type load[V any] struct {
	done    chan struct{}
	dropped bool // guarded by Cache.mu
	value   V
	found   bool
	err     error
}

// NewCache makes a Cache of at most size values, and as many absent keys.
func NewCache[K comparable, V any](size int) *Cache[K, V] {
	return &Cache[K, V]{kept: newLRU[K, V](size), last: newLRU[K, V](size), absent: newLRU[K, struct{}](size), loading: map[K]*load[V]{}}
}

func newLRU[K comparable, V any](size int) *lru.Cache[K, V] {
	kept, err := lru.New[K, V](size)
	if err != nil {
		panic(err) // a size below 1 is a mistake of the programmer
	}
	return kept
}

// Get returns the answer for key, kept or asked from source, and whether there
// is one. Callers that ask for the same key at once share one load, which goes
// on when one of them gives up. An error is returned and not kept.
func (c *Cache[K, V]) Get(ctx context.Context, key K, source func(context.Context) (V, bool, error)) (V, bool, error) {
	if value, ok := c.kept.Get(key); ok {
		c.hits.Add(1)
		return value, true, nil
	}
	var none V
	if c.absent.Contains(key) {
		c.hits.Add(1)
		return none, false, nil
	}
	c.misses.Add(1)
	key = own(key)
	c.mu.Lock()
	l := c.loading[key]
	if l == nil {
		l = &load[V]{done: make(chan struct{})}
		c.loading[key] = l
		go c.run(context.WithoutCancel(ctx), key, l, source)
	}
	c.mu.Unlock()
	select {
	case <-l.done:
		if l.err != nil && acceptsLast(ctx) {
			if value, ok := c.last.Get(key); ok {
				return value, true, nil
			}
		}
		return l.value, l.found, l.err
	case <-ctx.Done():
		return none, false, ctx.Err()
	}
}

// own returns the key in memory of its own: one that is a part of what somebody
// sent would keep all of that for as long as the key is kept.
func own[K comparable](key K) K {
	switch cut := any(key).(type) {
	case string:
		return any(strings.Clone(cut)).(K)
	case interface{ Own() K }:
		return cut.Own()
	}
	return key
}

func (c *Cache[K, V]) run(ctx context.Context, key K, l *load[V], source func(context.Context) (V, bool, error)) {
	l.value, l.found, l.err = source(ctx)
	c.mu.Lock()
	if !l.dropped {
		delete(c.loading, key)
		switch {
		case l.err != nil:
		case l.found:
			c.kept.Add(key, l.value)
			c.last.Remove(key)
		default:
			c.absent.Add(key, struct{}{})
			c.last.Remove(key)
		}
	}
	c.mu.Unlock()
	close(l.done)
}

// Drop forgets key, and what is being loaded for it.
func (c *Cache[K, V]) Drop(key K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dropLoading(key)
	c.forget(key)
	c.absent.Remove(key)
}

// Amend hands what is kept for key to change, which may alter it in place, and
// drops what is being loaded for it. change must be quick.
func (c *Cache[K, V]) Amend(key K, change func(V)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dropLoading(key)
	c.absent.Remove(key)
	if value, ok := c.kept.Peek(key); ok {
		change(value)
	}
}

// Each hands every value that is kept to visit, which must be quick.
func (c *Cache[K, V]) Each(visit func(V)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, value := range c.kept.Values() {
		visit(value)
	}
}

// DropIf forgets every value that the condition holds for, and with them every
// absent key and all that is being loaded, as nothing is known of those.
func (c *Cache[K, V]) DropIf(condition func(K, V) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key := range c.loading {
		c.dropLoading(key)
	}
	c.absent.Purge()
	for _, key := range c.kept.Keys() {
		if value, ok := c.kept.Peek(key); ok && condition(key, value) {
			c.forget(key)
		}
	}
}

// forget keeps the value of key for those who accept the last known one.
func (c *Cache[K, V]) forget(key K) {
	if value, ok := c.kept.Peek(key); ok {
		c.last.Add(key, value)
		c.kept.Remove(key)
	}
}

// Reset forgets everything.
func (c *Cache[K, V]) Reset() {
	c.DropIf(func(K, V) bool { return true })
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last.Purge()
}

func (c *Cache[K, V]) dropLoading(key K) {
	if l := c.loading[key]; l != nil {
		l.dropped = true
		delete(c.loading, key) // whoever asks from now on loads anew
	}
}

// Stats returns how many calls of Get were answered from memory and how many
// were not.
func (c *Cache[K, V]) Stats() (hits, misses uint64) { return c.hits.Load(), c.misses.Load() }
