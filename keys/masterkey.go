package keys

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// masterKeyBytes is the length of a master key, that of an AES-256 key.
const masterKeyBytes = 32

var errMasterKeyText = errors.New("a master key is 32 bytes, written as base64 (43 characters, or 44 with its padding) or as hex (64 characters)")

// ParseMasterKeys reads a list of master keys separated by commas or white
// space, each the base64 (standard or URL-safe, padded or not) or hex form of
// 32 bytes. Its errors tell the position of what is wrong and never the value.
func ParseMasterKeys(text string) ([][]byte, error) {
	fields := strings.FieldsFunc(text, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
	if len(fields) == 0 {
		return nil, fmt.Errorf("no master key is given: %w", errMasterKeyText)
	}
	list := make([][]byte, len(fields))
	for i, field := range fields {
		key, err := parseMasterKey(field)
		if err != nil {
			return nil, fmt.Errorf("master key %d of %d cannot be read: %w", i+1, len(fields), err)
		}
		list[i] = key
	}
	return list, nil
}

// parseMasterKey tells the forms apart by their length, as every hex text
// would be base64 too.
func parseMasterKey(text string) ([]byte, error) {
	var key []byte
	var err error
	if len(text) == hex.EncodedLen(masterKeyBytes) {
		key, err = hex.DecodeString(text)
	} else {
		text = strings.NewReplacer("+", "-", "/", "_").Replace(strings.TrimSuffix(text, "="))
		key, err = base64.RawURLEncoding.Strict().DecodeString(text)
	}
	if err != nil || len(key) != masterKeyBytes {
		return nil, errMasterKeyText // the decoder's own error would show a part of the value
	}
	return key, nil
}

// GenerateMasterKey returns a new random master key as text that
// ParseMasterKeys reads.
func GenerateMasterKey() string {
	key := make([]byte, masterKeyBytes)
	rand.Read(key)
	return base64.RawURLEncoding.EncodeToString(key)
}
