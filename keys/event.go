package keys

import "time"

// Event is what happens to a key, and when.
type Event struct {
	Name string // "published", "signs", "retires" or "removed"
	At   time.Time
}

// NextEvent returns what happens to the key next by its instants alone, the
// zero Event if nothing does: it is gone, waits for an order, or signs until a
// successor is planned.
func NextEvent(k *Key, now time.Time) Event {
	if k.RevokedAt != nil {
		return Event{}
	}
	events := []Event{{"published", k.PublishedAt}, {"signs", k.ActiveAt}}
	if k.RetireAt != nil {
		events = append(events, Event{"retires", *k.RetireAt})
	}
	if k.RemoveAt != nil {
		events = append(events, Event{"removed", *k.RemoveAt})
	}
	if k.RemoveAt != nil && !now.Before(*k.RemoveAt) {
		return Event{}
	}
	for _, event := range events {
		if event.At.After(now) && !event.At.Equal(Never()) {
			return event
		}
	}
	return Event{}
}
