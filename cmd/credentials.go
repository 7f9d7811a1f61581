package cmd

import (
	"fmt"
	"io"

	"github.com/gatehouse-auth/gatehouse/admin"
)

// showCredentials shows the operator's new client. A secret that was given is
// known to who gave it. It is not kept: where it cannot be shown, that is told,
// and what to do.
func (a *app) showCredentials(c *admin.Credentials) {
	if c.ClientSecret == "" {
		return
	}
	err := a.show(c, func(out io.Writer) error {
		_, err := fmt.Fprintf(out, "\nThe operator's client, shown this once; its tokens reach every tenant:\n\n"+
			"  token endpoint  %s\n  client_id       %s\n  client_secret   %s\n\n", c.TokenEndpoint, c.ClientID, c.ClientSecret)
		return err
	})
	if err != nil {
		failText(a.stderr, fmt.Errorf("the secret of the operator's client could not be shown: %w: make another one by `gatehouse clients secrets add --tenant operator %s`", err, c.ClientID), exitFailed)
	}
}
