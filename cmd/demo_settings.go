package cmd

import (
	"cmp"
	"errors"
	"maps"
	"net"
	"path/filepath"
	"slices"
)

// demoCmd is `gatehouse demo`.
type demoCmd struct {
	At string `name:"at" placeholder:"ADDRESS" help:"Address to serve at, as --listen: 127.0.0.1:8080 unless given. Another port is taken if it is in use."`
}

// Run serves the demo until the program is told to stop.
func (d demoCmd) Run(a *app) error {
	given, err := a.given()
	if err != nil {
		return err
	}
	listen, logLevel, err := d.settings(given)
	if err != nil {
		return err
	}
	log, err := newLog(logLevel, a.stderr)
	if err != nil {
		return err
	}
	defer func() { _ = log.Sync() }()
	return a.demo(listen, logLevel, log)
}

// settings returns those that the demo takes. It decides about all others: what
// it is told of them is refused, so that nobody believes that it counts.
func (d demoCmd) settings(told layer) (listen, logLevel string, err error) {
	taken := []string{"listen", "log_level"}
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(told)) {
		if !slices.Contains(taken, name) {
			problems = append(problems, usage("%s (%s): the demo decides this itself: leave it out; it takes %s", name, told[name].origin, "listen and log_level"))
		}
	}
	if d.At != "" && told["listen"].text != "" && d.At != told["listen"].text {
		problems = append(problems, usage("listen (%s): is another address than --at: give one of them", told["listen"].origin))
	}
	return cmp.Or(d.At, told["listen"].text, "127.0.0.1:8080"), cmp.Or(told["log_level"].text, "warn"), errors.Join(problems...)
}

// demoSettings are those of a server that leaves nothing behind.
func demoSettings(dir, listen, logLevel string) (*Settings, error) {
	listen, err := freeUnless(listen)
	if err != nil {
		return nil, err
	}
	metrics, err := freeUnless("127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(listen)
	if err != nil {
		return nil, err
	}
	flags := layer{}
	for name, text := range map[string]string{
		"listen": listen, "metrics_listen": metrics, "public_url": "http://localhost:" + port,
		"database_url": sqliteScheme + filepath.Join(dir, "demo.db"), "log_level": logLevel,
	} {
		flags[name] = given{text, "demo"}
	}
	return LoadSettings("", nil, flags)
}

// freeUnless returns the address if it is free, else another port of its host.
func freeUnless(address string) (string, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		host, _, splitErr := net.SplitHostPort(address)
		if splitErr != nil {
			return "", splitErr
		}
		if l, err = net.Listen("tcp", net.JoinHostPort(host, "0")); err != nil {
			return "", err
		}
	}
	return l.Addr().String(), l.Close()
}
