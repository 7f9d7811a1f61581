package keys

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// What a sealed secret may be good for. A secret sealed for one purpose does
// not open for another.
const (
	PurposeSigningKey = "signing-key"
	PurposePepper     = "pepper"
	// PurposeClientSecret is for the secrets that clients sign with; the id is
	// ClientSecretID's.
	PurposeClientSecret = "client-secret"
)

// Errors of opening what is sealed.
var (
	// ErrWrongMasterKey means that none of the given master keys sealed it. The
	// error's text names the id that it needs and the ids that were given.
	ErrWrongMasterKey = errors.New("wrong master key")
	// ErrNotGenuine means that sealed bytes were changed, cut, or belong to
	// another tenant, id or purpose.
	ErrNotGenuine = errors.New("sealed secret is not genuine")
)

// A sealed secret is version | id of the master key | wrapped data key |
// sealed secret. Both of the latter are nonce | AES-256-GCM ciphertext | tag.
const (
	sealVersion  = 1
	masterIDSize = 8
	wrappedSize  = 12 + 32 + 16
	headerSize   = 1 + masterIDSize
)

// Sealer encrypts secrets at rest: each one under a random data key of its
// own, and that under the master key, so that a new master key means wrapping
// the data keys anew and nothing else. It is safe for concurrent use.
type Sealer struct {
	masters []master // the first one seals, all open
}

type master struct {
	id   [masterIDSize]byte
	aead cipher.AEAD
}

func (m master) name() string { return hex.EncodeToString(m.id[:]) }

// NewSealer makes a Sealer of master keys of 32 bytes each. The first one
// seals, all of them open. A key given twice counts once.
func NewSealer(masterKeys ...[]byte) (*Sealer, error) {
	if len(masterKeys) == 0 {
		return nil, fmt.Errorf("no master key is given: %w", errMasterKeyText)
	}
	s := &Sealer{}
	for i, key := range masterKeys {
		if len(key) != masterKeyBytes {
			return nil, fmt.Errorf("master key %d has %d bytes: %w", i+1, len(key), errMasterKeyText)
		}
		m := master{aead: newAEAD(key)}
		sum := sha256.Sum256(append([]byte("gatehouse master key id\x00"), key...))
		copy(m.id[:], sum[:])
		if s.find(m.id[:]) == nil {
			s.masters = append(s.masters, m)
		}
	}
	return s, nil
}

func newAEAD(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // the length of key is checked by the caller
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err) // AES has the block size of GCM
	}
	return aead
}

func (s *Sealer) find(id []byte) *master {
	i := slices.IndexFunc(s.masters, func(m master) bool { return string(m.id[:]) == string(id) })
	if i < 0 {
		return nil
	}
	return &s.masters[i]
}

// ID returns the id of the master key that seals: a short hash, safe to show
// and to store.
func (s *Sealer) ID() string { return s.masters[0].name() }

// IDs returns the ids of all master keys, the one that seals first.
func (s *Sealer) IDs() []string {
	ids := make([]string, len(s.masters))
	for i, m := range s.masters {
		ids[i] = m.name()
	}
	return ids
}

// Seal encrypts plain under a fresh data key and returns it with the id of the
// master key. It opens only with the same purpose, tenant and id.
func (s *Sealer) Seal(plain []byte, purpose, tenantID, id string) (sealed []byte, by string, err error) {
	dataKey := make([]byte, 32)
	rand.Read(dataKey)
	defer clear(dataKey)
	sealed = s.wrap(dataKey, purpose, tenantID, id)
	return newAEAD(dataKey).Seal(sealed, nil, plain, binding("secret", purpose, tenantID, id)), s.ID(), nil
}

// Open decrypts what Seal returned. It answers ErrWrongMasterKey or
// ErrNotGenuine.
func (s *Sealer) Open(sealed []byte, purpose, tenantID, id string) ([]byte, error) {
	dataKey, err := s.unwrap(sealed, purpose, tenantID, id)
	if err != nil {
		return nil, err
	}
	defer clear(dataKey)
	plain, err := newAEAD(dataKey).Open(nil, nil, sealed[headerSize+wrappedSize:], binding("secret", purpose, tenantID, id))
	if err != nil {
		return nil, ErrNotGenuine
	}
	return plain, nil
}

// Rewrap returns sealed with its data key wrapped by the first master key, and
// that key's id. The secret itself is not touched.
func (s *Sealer) Rewrap(sealed []byte, purpose, tenantID, id string) (rewrapped []byte, by string, err error) {
	dataKey, err := s.unwrap(sealed, purpose, tenantID, id)
	if err != nil {
		return nil, "", err
	}
	defer clear(dataKey)
	return append(s.wrap(dataKey, purpose, tenantID, id), sealed[headerSize+wrappedSize:]...), s.ID(), nil
}

func (s *Sealer) wrap(dataKey []byte, purpose, tenantID, id string) []byte {
	first := s.masters[0]
	header := append([]byte{sealVersion}, first.id[:]...)
	return first.aead.Seal(header, nil, dataKey, binding("data key", purpose, tenantID, id))
}

func (s *Sealer) unwrap(sealed []byte, purpose, tenantID, id string) ([]byte, error) {
	if len(sealed) < headerSize+wrappedSize || sealed[0] != sealVersion {
		return nil, ErrNotGenuine
	}
	by := sealed[1:headerSize]
	m := s.find(by)
	if m == nil {
		return nil, fmt.Errorf("%w: it is sealed by master key %x, given are %s", ErrWrongMasterKey, by, strings.Join(s.IDs(), ", "))
	}
	dataKey, err := m.aead.Open(nil, nil, sealed[headerSize:headerSize+wrappedSize], binding("data key", purpose, tenantID, id))
	if err != nil || len(dataKey) != 32 {
		return nil, ErrNotGenuine
	}
	return dataKey, nil
}

// binding is the associated data of one layer.
func binding(layer, purpose, tenantID, id string) []byte {
	return appendParts(nil, "gatehouse seal 1", layer, purpose, tenantID, id)
}

// SealClientSecret is Seal for a secret that a client signs with.
func (s *Sealer) SealClientSecret(secret []byte, tenantID, clientID, secretID string) (sealed []byte, by string, err error) {
	return s.Seal(secret, PurposeClientSecret, tenantID, ClientSecretID(clientID, secretID))
}

// OpenClientSecret opens what SealClientSecret returned.
func (s *Sealer) OpenClientSecret(sealed []byte, tenantID, clientID, secretID string) ([]byte, error) {
	return s.Open(sealed, PurposeClientSecret, tenantID, ClientSecretID(clientID, secretID))
}
