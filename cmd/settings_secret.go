package cmd

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// maxSecretFile bounds what is read from a file that holds a secret.
const maxSecretFile = 64 << 10

// readFiles replaces each ..._FILE setting by what the file holds, without the
// line break at its end.
func (s *Settings) readFiles() error {
	databaseURL, err := s.readFile("database_url_file", s.DatabaseURLFile)
	if databaseURL != "" {
		s.DatabaseURL = DatabaseURL(databaseURL)
	}
	masterKey, keyErr := s.readFile("master_key_file", s.MasterKeyFile)
	if masterKey != "" {
		s.MasterKey = Secret(masterKey)
	}
	clientSecret, secretErr := s.readFile("bootstrap_client_secret_file", s.BootstrapClientSecretFile)
	if clientSecret != "" {
		s.BootstrapClientSecret = Secret(clientSecret)
	}
	return errors.Join(err, keyErr, secretErr)
}

func (s *Settings) readFile(name, path string) (string, error) {
	if path == "" {
		return "", nil
	}
	text, err := readSecret(path)
	if err != nil {
		return "", s.problem(name, "%v", err)
	}
	return text, nil
}

// source returns the name of the setting that a secret was given by: its own or
// that of its file.
func (s *Settings) source(name string) string {
	if _, byFile := s.origins[name+"_file"]; byFile {
		return name + "_file"
	}
	return name
}

func readSecret(path string) (string, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	text := strings.TrimRight(string(content), "\r\n")
	if text == "" {
		return "", fmt.Errorf("%s is empty", path)
	}
	if len(content) > maxSecretFile {
		return "", fmt.Errorf("%s holds more than %d bytes", path, maxSecretFile)
	}
	return text, nil
}
