package admin

import (
	"net/url"
	"slices"
	"strconv"
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
			return Errorf(CodeInvalid, "allowed_origins", "%s is no origin: it must be https:// (http:// for a loopback host) with a lower-case host in ASCII and without wildcards, and a port only where it is not the usual one", quoted(origin))
		}
		if slices.Contains(origins[:i], origin) {
			return Errorf(CodeInvalid, "allowed_origins", "%s is given twice", quoted(origin))
		}
	}
	return nil
}

func validOrigin(origin string) bool {
	u, err := url.Parse(origin)
	if err != nil || u.Scheme+"://"+u.Host != origin || origin != strings.ToLower(origin) {
		return false
	}
	host, port := u.Hostname(), u.Port()
	if !validHost(host) || !only(host, "._-", 1, len(host)) || strings.HasSuffix(origin, ":") || port != "" && !validPort(port) {
		return false
	}
	if u.Scheme == "http" {
		return port != "80" && (isLoopback(host) || strings.HasSuffix(host, ".localhost"))
	}
	return u.Scheme == "https" && port != "443"
}

// validPort reports whether port is the number of one, as browsers write it.
func validPort(port string) bool {
	_, err := strconv.ParseUint(port, 10, 16)
	return err == nil && port[0] != '0'
}
