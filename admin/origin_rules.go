package admin

import (
	"net/url"
	"slices"
	"strings"
)

// checkOrigins holds a client's allowed origins to the one form in which
// browsers send them (RFC 6454 section 6.2). There is no wildcard.
func checkOrigins(origins []string) error {
	if err := checkCount("allowed_origins", len(origins)); err != nil {
		return err
	}
	for i, origin := range origins {
		if !validOrigin(origin) {
			return Errorf(CodeInvalid, "allowed_origins", "%s is no origin: it must be https:// (http:// for a loopback host) with a lower-case host, and a port only where it is not the usual one", quoted(origin))
		}
		if slices.Contains(origins[:i], origin) {
			return Errorf(CodeInvalid, "allowed_origins", "%s is given twice", quoted(origin))
		}
	}
	return nil
}

func validOrigin(origin string) bool {
	u, err := url.Parse(origin)
	if err != nil || u.Scheme+"://"+u.Host != origin || !validHost(u.Hostname()) || origin != strings.ToLower(origin) || strings.HasSuffix(origin, ":") {
		return false
	}
	if u.Scheme == "http" {
		return u.Port() != "80" && (isLoopback(u.Hostname()) || strings.HasSuffix(u.Hostname(), ".localhost"))
	}
	return u.Scheme == "https" && u.Port() != "443"
}
