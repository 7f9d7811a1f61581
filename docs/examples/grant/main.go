// Command vouchers is gatehouse with one more grant: a voucher that somebody
// who holds a key has written, good once, for one person. docs/writing-a-grant.md
// explains it.
package main

import (
	"os"

	"github.com/gatehouse-auth/gatehouse/cmd"
	"github.com/gatehouse-auth/gatehouse/grants"
)

func main() {
	key := []byte(os.Getenv("VOUCHER_KEY"))
	os.Exit(cmd.Main(os.Args[1:], cmd.WithGrant(func(p cmd.GrantParts) grants.Grant {
		return voucher{key: key, users: p.Directory, log: p.Log, now: p.Now}
	})))
}
