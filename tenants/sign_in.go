package tenants

import "time"

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

// Turn returns how much longer than the account a source waits that the account
// has not signed in from, after it was the one to use up, so many times, what an
// account that is guessed at has left; least is what the source has used up that
// used up the least of those that did. Those who used up less come first, each with
// a while for themselves that is as long as the account's wait.
func Turn(block time.Duration, used, least int) time.Duration {
	if used == 0 {
		return 0
	}
	return time.Duration(1+used-least) * block
}

// BlockAlone returns how long a source waits that alone has failed so many times in a
// row. Where the account has signed in before it is no shorter than elsewhere: nobody
// learns by it whose place that is.
func BlockAlone(failures int) time.Duration {
	block := Block(failures)
	return block + Turn(block, 1, 1)
}
