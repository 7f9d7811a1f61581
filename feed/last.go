package feed

import "context"

type lastAccepted struct{}

// AcceptLast returns a context with which Cache.Get answers the last value that
// it had, though that was dropped, where the source fails. It is for what is
// better answered as it was than not at all, and never for deciding who may do
// what.
func AcceptLast(ctx context.Context) context.Context {
	return context.WithValue(ctx, lastAccepted{}, true)
}

func acceptsLast(ctx context.Context) bool { return ctx.Value(lastAccepted{}) != nil }
