package cmd

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// healthcheckTimeout bounds the whole question.
const healthcheckTimeout = 5 * time.Second

type healthcheckCmd struct {
	Ready bool `help:"Ask whether it should be sent requests (/readyz), not merely whether it lives (/healthz)."`
}

// health is what the server answered.
type health struct {
	URL     string `json:"url"`
	Status  int    `json:"status"`
	Healthy bool   `json:"healthy"`
}

func (c *healthcheckCmd) Run(a *app) error {
	settings, err := a.settings()
	if err != nil {
		return err
	}
	url := listenerURL(settings) + "/healthz"
	if c.Ready {
		url = listenerURL(settings) + "/readyz"
	}
	status, body, err := ask(a.ctx, url)
	if err != nil {
		return fmt.Errorf("the server does not answer: %w", err)
	}
	if status != http.StatusOK {
		return fmt.Errorf("%s answers %d: %s", url, status, body)
	}
	return a.showDetails(health{URL: url, Status: status, Healthy: true}, url, "healthy")
}

// listenerURL returns how this machine reaches the listener of the settings.
func listenerURL(s *Settings) string {
	scheme := "http"
	if s.TLSCert != "" {
		scheme = "https"
	}
	host, port, _ := net.SplitHostPort(s.Listen) // checked with the settings
	switch host {
	case "", "0.0.0.0":
		host = "127.0.0.1"
	case "::":
		host = "::1"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

// ask sends a GET and returns the status and the beginning of the body.
func ask(ctx context.Context, url string) (status int, body string, err error) {
	ctx, cancel := context.WithTimeout(ctx, healthcheckTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, "", err
	}
	client := &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			// Nothing is sent or believed: the certificate is for the public
			// name, and this asks the listener by its address.
			TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
			DisableKeepAlives: true,
		},
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 1000))
	return response.StatusCode, strings.TrimSpace(string(text)), err
}
