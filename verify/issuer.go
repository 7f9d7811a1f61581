package verify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// issuer is one accepted issuer with its own keys and its own key schedule, so
// that nothing of one can answer for another.
type issuer struct {
	name        string
	client      *http.Client
	allowHTTP   bool
	keep        time.Duration
	now         func() time.Time
	keysURL     string // from discovery; only the one fetch under way touches it
	keys        document[map[string]publicKey]
	revocations document[revocations]
}

func newIssuer(name string, client *http.Client, c Config) *issuer {
	i := &issuer{name: name, client: client, allowHTTP: c.AllowHTTP, keep: c.KeepKeys, now: c.Now}
	i.keys = document[map[string]publicKey]{fetch: i.fetchKeys, serves: i.good, now: c.Now, pace: pace{
		most: c.KeysMaxAge, gap: keysGap, cold: coldGap, longest: keysGap, away: max(c.KeysMaxAge, 4*keysGap),
	}}
	// Without any schedule, the key set alone tells which keys are good.
	optional := func(*snapshot[revocations]) bool { return true }
	i.revocations = document[revocations]{fetch: i.fetchSchedule, serves: optional, now: c.Now, pace: pace{
		most: c.ScheduleMaxAge, gap: scheduleGap, cold: scheduleGap,
		longest: max(scheduleGap, min(c.ScheduleMaxAge/4, keysGap)), away: max(c.ScheduleMaxAge, 4*scheduleGap),
	}}
	return i
}

// key returns the issuer's published and not revoked key of that kid. An unknown
// kid has the keys fetched anew, as often as their gap allows. It waits for one
// fetch's time at most.
func (i *issuer) key(ctx context.Context, kid string) (publicKey, error) {
	i.revocations.start(ctx) // beside the keys: nobody waits for one after the other
	held, err := i.keys.get(ctx)
	if err != nil {
		return publicKey{}, i.unavailable(err)
	}
	if held != nil {
		if _, known := held.value[kid]; !known {
			if held, err = i.keys.renew(ctx); err != nil {
				return publicKey{}, i.unavailable(err)
			}
		}
	}
	if !i.good(held) {
		return publicKey{}, i.unavailable(i.keys.lastFailure())
	}
	key, known := held.value[kid]
	if !known {
		return publicKey{}, invalid("the key is unknown")
	}
	revoked, err := i.revocations.get(ctx)
	if err != nil {
		return publicKey{}, i.unavailable(err)
	}
	if revoked != nil {
		if _, gone := revoked.value[kid]; gone {
			return publicKey{}, invalid("the key was revoked")
		}
	}
	return key, nil
}

// good tells whether held are keys, and not older than may be.
func (i *issuer) good(held *snapshot[map[string]publicKey]) bool {
	return held != nil && i.now().Before(held.at.Add(i.keep))
}

func (i *issuer) unavailable(cause error) error {
	return &refusal{kind: ErrUnavailable, reason: "the issuer's keys cannot be fetched", cause: cause}
}

func (i *issuer) fetchKeys(ctx context.Context, _ *snapshot[map[string]publicKey]) (map[string]publicKey, time.Duration, error) {
	if i.keysURL == "" {
		location, err := i.discover(ctx)
		if err != nil {
			return nil, 0, err
		}
		i.keysURL = location
	}
	got, err := fetch(ctx, i.client, i.keysURL)
	if err == nil {
		var keys map[string]publicKey
		if keys, err = parseKeys(got.body); err == nil {
			return keys, got.fresh, nil
		}
	}
	// The key set may have moved.
	i.keysURL = ""
	return nil, 0, err
}

// discover asks the issuer's metadata where its keys are (OpenID Connect Discovery
// 1.0 section 4). An issuer that publishes none has them at the usual place.
func (i *issuer) discover(ctx context.Context) (string, error) {
	got, err := fetch(ctx, i.client, i.wellKnown("openid-configuration"))
	if errors.Is(err, errNotFound) {
		return i.wellKnown("jwks.json"), nil
	}
	if err != nil {
		return "", err
	}
	return parseMetadata(i.name, got.body, i.allowHTTP)
}

// parseMetadata returns where the keys of an issuer are, by its own metadata.
func parseMetadata(issuer string, body []byte, allowHTTP bool) (keysURL string, err error) {
	var metadata struct {
		Issuer  string `json:"issuer"`
		KeysURL string `json:"jwks_uri"`
	}
	if err := json.Unmarshal(body, &metadata); err != nil {
		return "", errors.New("the metadata is not JSON")
	}
	if metadata.Issuer != issuer {
		return "", fmt.Errorf("the metadata of %q names another issuer", issuer)
	}
	if err := checkURL(metadata.KeysURL, allowHTTP); err != nil {
		return "", fmt.Errorf("jwks_uri %q: %w", metadata.KeysURL, err)
	}
	return metadata.KeysURL, nil
}

func (i *issuer) fetchSchedule(ctx context.Context, held *snapshot[revocations]) (revocations, time.Duration, error) {
	now := i.now()
	revoked, fresh := make(revocations), time.Duration(-1)
	got, err := fetch(ctx, i.client, i.wellKnown("key-schedule.json"))
	switch {
	case errors.Is(err, errNotFound):
	case err != nil:
		return nil, 0, err
	default:
		if revoked, err = parseSchedule(i.name, got.body, now); err != nil {
			return nil, 0, err
		}
		fresh = got.fresh
	}
	if held != nil {
		revoked.carryOver(held.value, now)
	}
	return revoked, fresh, nil
}

func (i *issuer) wellKnown(document string) string {
	return strings.TrimSuffix(i.name, "/") + "/.well-known/" + document
}
