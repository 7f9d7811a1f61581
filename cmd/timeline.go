package cmd

import (
	"fmt"
	"strings"
	"time"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/keys"
)

// Size and signs of the timeline.
const (
	timelineWidth  = 60
	timelineMargin = 24 * time.Hour // drawn behind the last known event
	signNext       = '·'
	signActive     = '█'
	signRetiring   = '░'
	signNow        = '│'
)

// timeline draws a line for each key that is not gone: published, signing,
// retiring, with the present marked. It ends with a legend.
func timeline(all []admin.SigningKey, now time.Time) string {
	var live []keys.Key
	for _, key := range all {
		if key.RevokedAt == nil && key.Key.State(now) != keys.Gone {
			live = append(live, key.Key)
		}
	}
	if len(live) == 0 {
		return ""
	}
	from, to := span(live, now)
	step := to.Sub(from) / timelineWidth
	present := int(now.Sub(from) / step)
	var text strings.Builder
	fmt.Fprintf(&text, "%s\n", scale(from, to))
	for i := range live {
		for column := range timelineWidth {
			at := from.Add(step*time.Duration(column) + step/2)
			sign := ' '
			switch live[i].State(at) {
			case keys.Next:
				sign = signNext
			case keys.Active:
				sign = signActive
			case keys.Retiring:
				sign = signRetiring
			}
			if column == present {
				sign = signNow
			}
			text.WriteRune(sign)
		}
		fmt.Fprintf(&text, "  %s\n", live[i].Kid)
	}
	fmt.Fprintf(&text, "%c published  %c signs  %c only verifies  %c now\n", signNext, signActive, signRetiring, signNow)
	return text.String()
}

// span returns from when to when the timeline goes: all known events, and a
// day more. An event that waits for an order is not known.
func span(live []keys.Key, now time.Time) (from, to time.Time) {
	from, to = now, now
	widen := func(at *time.Time) {
		if at == nil || !at.Before(keys.Never()) {
			return
		}
		if at.Before(from) {
			from = *at
		}
		if at.After(to) {
			to = *at
		}
	}
	for i := range live {
		for _, at := range []*time.Time{&live[i].PublishedAt, &live[i].ActiveAt, live[i].RetireAt, live[i].RemoveAt} {
			widen(at)
		}
	}
	return from, to.Add(timelineMargin)
}

// scale writes the first and the last day above the line.
func scale(from, to time.Time) string {
	first, last := from.UTC().Format(time.DateOnly), to.UTC().Format(time.DateOnly)
	return first + strings.Repeat(" ", timelineWidth-len(first)-len(last)) + last
}
