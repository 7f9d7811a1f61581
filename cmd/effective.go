package cmd

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/gatehouse-auth/gatehouse/admin"
)

type clientsEffectiveCmd struct {
	tenantFlag
	ClientID string `arg:""`
	Audience string `placeholder:"IDENTIFIER" help:"One of its APIs, or the issuer. May be left out where there is only one."`
	Grant    string `placeholder:"GRANT_TYPE" help:"Unless given: the first one that it may use."`
}

func (c *clientsEffectiveCmd) Run(a *app) error {
	return a.atTenant(c.Tenant, func(d *desk, tenant string) error {
		e, err := d.admin.Effective(d.ctx, d.actor, tenant, c.ClientID, admin.EffectiveQuery{Audience: c.Audience, GrantType: c.Grant})
		if err != nil {
			return err
		}
		return a.show(e, func(w io.Writer) error { return printEffective(w, e) })
	})
}

func printEffective(w io.Writer, e *admin.Effective) error {
	l := e.Lifetime
	lifetime := seconds(l.Seconds) + ", decided by " + l.DecidedBy
	if l.CappedBy != "" {
		lifetime += ", capped by " + l.CappedBy
	}
	t := newTable(w)
	t.row("client_id", e.ClientID)
	t.row("audience", e.Audience)
	t.row("grant_type", e.GrantType)
	t.row("allowed", yesNo(e.Allowed))
	t.row("scopes", strings.Join(e.Scopes, " "))
	t.row("token_format", e.TokenFormat.Value+", decided by "+e.TokenFormat.DecidedBy)
	t.row("signing_alg", signingAlg(e.SigningAlg))
	t.row("lifetime", lifetime)
	t.row("ceiling", seconds(l.Ceiling)+", by "+l.CeilingBy+"; more is: "+e.ExcessLifetime)
	for _, claim := range e.Claims {
		from := claim.From
		if from == "" {
			text, err := json.Marshal(claim.Value)
			if err != nil {
				return err
			}
			from = string(text)
		}
		t.row("claim "+claim.Name, from+", by "+claim.DecidedBy)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	t = newTable(w)
	t.row("STEP", "LIFETIME", "MAXIMUM")
	for _, step := range l.Chain {
		t.row(step.Name, seconds(step.Default), seconds(step.Max))
	}
	return t.Flush()
}

func signingAlg(alg admin.EffectiveAlg) string {
	text := alg.Value + ", decided by " + alg.DecidedBy
	if alg.StandIn != "" {
		text += "; its key waits for its lead: " + alg.StandIn + " signs until " + instant(*alg.Since)
	}
	return text
}
