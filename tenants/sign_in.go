package tenants

import (
	"net/netip"
	"time"
)

// Attempt is one attempt to sign in by a password. It is counted before the
// password is looked at, so that attempts at once cannot outrun the count.
type Attempt struct {
	TenantID string
	// Account is the user's id; for a name that nobody has, what NoAccount makes
	// of it, so that both are counted alike.
	Account string
	// Source is where the attempt comes from: an address, or the part of it that
	// one household has. Empty for what is not known.
	Source    string
	At        time.Time
	RequestID string
}

// How many wrong passwords are looked at, and how long an account then waits.
const (
	AttemptsAllowed   = 10
	FirstBlock        = 30 * time.Second // doubled with each further failure
	LongestBlock      = 15 * time.Minute
	FailuresForgotten = 24 * time.Hour      // after the last one
	SourceForgotten   = 90 * 24 * time.Hour // after the last success there
	SourcesKept       = 20                  // for each account
)

// noAccount begins what stands for accounts that do not exist; no id of a user
// begins so.
const noAccount = "?"

// NoAccount returns what stands for the account of a name that nobody has,
// given by a digest of it.
func NoAccount(digest string) string { return noAccount + digest }

// IsUser reports whether the attempt is for an account that exists.
func (a Attempt) IsUser() bool { return len(a.Account) > 0 && a.Account[:1] != noAccount }

// Block returns how long an account waits after that many failures in a row.
func Block(failures int) time.Duration {
	if failures < AttemptsAllowed {
		return 0
	}
	wait := FirstBlock
	for range failures - AttemptsAllowed {
		if wait *= 2; wait >= LongestBlock {
			return LongestBlock
		}
	}
	return wait
}

// Used is what sources that an account has not signed in from used up of the guesses
// that were left when it was guessed at.
type Used struct {
	Own   int // the source itself
	Least int // the source that used up the least, of those that used up any
	Site  int // all sources of the source's site
}

// Turn returns how much longer than the account a source waits that the account
// has not signed in from. Those who used up less come first, each with a while for
// themselves that is as long as the account's wait. What others at its site used up
// counts as well, though for less: whoever has a site has any number of sources.
func Turn(block time.Duration, used Used) time.Duration {
	spent := used.Own + max(0, used.Site-used.Own)/siteShare
	if spent == 0 {
		return 0
	}
	return time.Duration(max(0, 1+spent-used.Least)) * block
}

// siteShare is how many guesses of others at its site put a source off as much as
// one of its own.
const siteShare = 16

// sitePrefix is how many bits of an IPv6 address say whose site it is: one may have
// 65,536 networks (RFC 6177 section 2).
const sitePrefix = 48

// Site returns what network the attempt's source is a part of; empty for none.
func (a Attempt) Site() string {
	source, err := netip.ParsePrefix(a.Source)
	if err != nil || source.Bits() <= sitePrefix {
		return ""
	}
	site, err := source.Addr().Prefix(sitePrefix)
	if err != nil { // an IPv4 address
		return ""
	}
	return site.String()
}

// BlockAlone returns how long a source waits that alone has failed so many times in a
// row. Where the account has signed in before it is no shorter than elsewhere: nobody
// learns by it whose place that is.
func BlockAlone(failures int) time.Duration {
	block := Block(failures)
	return block + Turn(block, Used{Own: 1, Least: 1, Site: 1})
}
