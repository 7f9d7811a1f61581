package verify_test

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/verify"
	"github.com/go-jose/go-jose/v4"
)

// segment is base64url of the JSON of v, or of v itself where it is a string.
func segment(v any) string {
	text, isText := v.(string)
	if !isText {
		raw, _ := json.Marshal(v)
		text = string(raw)
	}
	return base64.RawURLEncoding.EncodeToString([]byte(text))
}

// rs256 signs any header and payload with the issuer's own key: what is then
// refused is refused for its form alone.
func (i *testIssuer) rs256(t *testing.T, header, payload any) string {
	input := segment(header) + "." + segment(payload)
	signature, err := signPKCS1(input)
	if err != nil {
		t.Fatal(err)
	}
	return input + "." + segment(string(signature))
}

// TestGoodTokens guards the refusals below against refusing everything.
func TestGoodTokens(t *testing.T) {
	ec, ed := ecKey(), edKey()
	for _, key := range []signingKey{
		{"k1", verify.RS256, pool()[0]}, {"k1", verify.PS256, pool()[0]}, {"k1", verify.ES256, ec}, {"k1", verify.EdDSA, ed},
	} {
		issuer := newIssuer(t, key)
		if _, err := newVerifier(t, newClock().Now, issuer).Verify(t.Context(), issuer.token(t)); err != nil {
			t.Errorf("%s: %v", key.alg, err)
		}
	}
	issuer := rsaIssuer(t)
	v := newVerifier(t, newClock().Now, issuer)
	for name, token := range map[string]string{
		"typ in full":            issuer.rs256(t, map[string]any{"alg": "RS256", "kid": "k1", "typ": "application/AT+jwt"}, issuer.claims()),
		"aud array":              issuer.token(t, set("aud", []string{"https://other.example", audience})),
		"no nbf":                 issuer.token(t, set("nbf", nil)),
		"fraction in exp":        issuer.token(t, set("exp", float64(start.Unix())+0.5)),
		"exp within leeway":      issuer.token(t, set("exp", start.Add(-59*time.Second).Unix())),
		"nbf, iat within leeway": issuer.token(t, set("nbf", start.Add(59*time.Second).Unix()), set("iat", start.Add(59*time.Second).Unix())),
		"embedded URLs passed over": issuer.rs256(t, map[string]any{
			"alg": "RS256", "kid": "k1", "typ": "at+jwt", "jku": issuer.URL + "/evil", "x5u": issuer.URL + "/evil",
		}, issuer.claims()),
	} {
		if _, err := v.Verify(t.Context(), token); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if issuer.count("/evil") != 0 {
		t.Error("a URL out of a token was fetched")
	}
}

// TestClassAAlgorithmAndKeyConfusion: no token chooses how it is verified.
func TestClassAAlgorithmAndKeyConfusion(t *testing.T) {
	issuer := rsaIssuer(t)
	other := pool()[1]
	public := &pool()[0].PublicKey
	der, _ := x509.MarshalPKIXPublicKey(public)
	block := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	good := issuer.token(t)
	part := strings.Split(good, ".")
	claimsJSON, _ := json.Marshal(issuer.claims())
	claimsText := string(claimsJSON)
	header := func(extra ...any) map[string]any {
		h := map[string]any{"alg": "RS256", "kid": "k1", "typ": "at+jwt"}
		for n := 0; n < len(extra); n += 2 {
			h[extra[n].(string)] = extra[n+1]
		}
		return h
	}
	with := func(alg jose.SignatureAlgorithm, key any, extra ...any) string {
		h := header(extra...)
		delete(h, "alg")
		return sign(t, jose.SigningKey{Algorithm: alg, Key: key}, h, issuer.claims())
	}
	encrypter, _ := jose.NewEncrypter(jose.A128GCM, jose.Recipient{Algorithm: jose.RSA_OAEP, Key: public}, nil)
	jwe, _ := encrypter.Encrypt([]byte(`{}`))
	wrapped, _ := jwe.CompactSerialize()

	tests := map[string]string{
		"none":                         segment(header("alg", "none")) + "." + part[1] + ".",
		"none with signature":          segment(header("alg", "none")) + "." + part[1] + "." + part[2],
		"None":                         segment(header("alg", "None")) + "." + part[1] + ".",
		"nOnE":                         segment(header("alg", "nOnE")) + "." + part[1] + ".",
		"no alg":                       issuer.rs256(t, map[string]any{"kid": "k1", "typ": "at+jwt"}, issuer.claims()),
		"alg twice":                    issuer.rs256(t, `{"alg":"RS256","kid":"k1","typ":"at+jwt","alg":"none"}`, issuer.claims()),
		"alg in upper case":            issuer.rs256(t, `{"ALG":"RS256","kid":"k1","typ":"at+jwt"}`, issuer.claims()),
		"HS256 with PEM":               with(jose.HS256, block),
		"HS256 with DER":               with(jose.HS256, der),
		"HS256 with n":                 with(jose.HS256, public.N.Bytes()),
		"RS384":                        with(jose.RS384, pool()[0]),
		"PS256 with an RS256 key":      with(jose.PS256, pool()[0]),
		"ES256 with an RS256 kid":      with(jose.ES256, ecKey()),
		"EdDSA with an RS256 kid":      with(jose.EdDSA, edKey()),
		"header jwk":                   with(jose.RS256, other, "jwk", jose.JSONWebKey{Key: &other.PublicKey, KeyID: "k1"}),
		"header jku":                   with(jose.RS256, other, "jku", issuer.URL+"/evil"),
		"header x5u":                   with(jose.RS256, other, "x5u", issuer.URL+"/evil"),
		"header x5c":                   with(jose.RS256, other, "x5c", []string{base64.StdEncoding.EncodeToString(der)}),
		"crit":                         issuer.rs256(t, header("crit", []string{"x"}, "x", 1), issuer.claims()),
		"crit b64":                     issuer.rs256(t, header("crit", []string{"b64"}, "b64", true), issuer.claims()),
		"crit empty":                   issuer.rs256(t, header("crit", []string{}), issuer.claims()),
		"crit null":                    issuer.rs256(t, header("crit", nil), issuer.claims()),
		"no kid":                       issuer.rs256(t, map[string]any{"alg": "RS256", "typ": "at+jwt"}, issuer.claims()),
		"kid empty":                    issuer.rs256(t, header("kid", ""), issuer.claims()),
		"kid no string":                issuer.rs256(t, header("kid", 1), issuer.claims()),
		"kid of nobody":                issuer.rs256(t, header("kid", "k2"), issuer.claims()),
		"typ missing":                  issuer.rs256(t, map[string]any{"alg": "RS256", "kid": "k1"}, issuer.claims()),
		"typ JWT of an ID token":       issuer.rs256(t, header("typ", "JWT"), issuer.claims()),
		"typ of an assertion":          issuer.rs256(t, header("typ", "client-authentication+jwt"), issuer.claims()),
		"typ of a logout token":        issuer.rs256(t, header("typ", "logout+jwt"), issuer.claims()),
		"JSON serialization":           `{"payload":"` + part[1] + `","signatures":[{"protected":"` + part[0] + `","signature":"` + part[2] + `"}]}`,
		"flattened JSON":               `{"payload":"` + part[1] + `","protected":"` + part[0] + `","signature":"` + part[2] + `"}`,
		"JWE":                          wrapped,
		"no signature":                 part[0] + "." + part[1] + ".",
		"two parts":                    part[0] + "." + part[1],
		"four parts":                   good + "." + part[2],
		"signature of another":         part[0] + "." + part[1] + "." + strings.Split(with(jose.RS256, other), ".")[2],
		"PS256 over a PKCS1 signature": issuer.rs256(t, header("alg", "PS256"), issuer.claims()),
		"line break at the end":        good + "\n",
		"signature cut":                good[:len(good)-4],
		"payload exchanged":            part[0] + "." + segment(strings.Replace(claimsText, "user-1", "admin", 1)) + "." + part[2],
		"line break":                   part[0] + "\n." + part[1] + "." + part[2],
		"padding":                      part[0] + "=." + part[1] + "." + part[2],
		"unused bits set":              good[:len(good)-1] + nextLetter(good[len(good)-1]),
		"header an array":              issuer.rs256(t, `["RS256"]`, issuer.claims()),
		"something after":              issuer.rs256(t, header(), `{"iss":"`+issuer.URL+`"} {}`),
		"too long":                     issuer.token(t, set("junk", strings.Repeat("x", 16<<10))),
		"empty":                        "",
		"only dots":                    strings.Repeat(".", 1<<20),
		"deep nesting":                 issuer.rs256(t, strings.Repeat("[", 5000), issuer.claims()),
		"broken UTF-8 in a header":     issuer.rs256(t, "{\"alg\":\"RS256\",\"kid\":\"k1\",\"typ\":\"at+jwt\",\"x\":\"\xff\"}", issuer.claims()),
	}
	v := newVerifier(t, newClock().Now, issuer)
	for name, token := range tests {
		if _, err := v.Verify(t.Context(), token); !errors.Is(err, verify.ErrInvalidToken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if issuer.count("/evil") != 0 {
		t.Error("a URL out of a token was fetched")
	}
}

// nextLetter differs from a base64 letter in its lowest bit only, which the last
// letter of 256 octets does not use.
func nextLetter(letter byte) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return string(letters[strings.IndexByte(letters, letter)|1])
}

// TestClassANothingIsFetchedForATokenThatCannotBeGood.
func TestClassANothingIsFetchedForATokenThatCannotBeGood(t *testing.T) {
	issuer := rsaIssuer(t)
	v := newVerifier(t, newClock().Now, issuer)
	good := issuer.token(t)
	for _, token := range []string{
		good[:strings.LastIndexByte(good, '.')+1],
		issuer.rs256(t, map[string]any{"alg": "none", "kid": "k1", "typ": "at+jwt"}, issuer.claims()),
		issuer.rs256(t, map[string]any{"alg": "RS256", "typ": "at+jwt"}, issuer.claims()),
		issuer.rs256(t, map[string]any{"alg": "RS256", "kid": "k1", "typ": "JWT"}, issuer.claims()),
		issuer.rs256(t, map[string]any{"alg": "RS256", "kid": "k1", "typ": "at+jwt", "crit": []string{"exp"}}, issuer.claims()),
	} {
		check(t, v, token, verify.ErrInvalidToken)
	}
	if n := issuer.count(discoveryPath) + issuer.count(keysPath) + issuer.count(schedulePath); n != 0 {
		t.Errorf("%d requests", n)
	}
}

// TestClassBAudienceAndClaims: only tokens of our issuer, for us, now.
func TestClassBAudienceAndClaims(t *testing.T) {
	issuer, stranger := rsaIssuer(t), rsaIssuer(t)
	at := func(d time.Duration) int64 { return start.Add(d).Unix() }
	tests := map[string]func(map[string]any){
		"another audience":       set("aud", "https://other.example"),
		"audience with slash":    set("aud", audience+"/"),
		"audience with more":     set("aud", audience+".evil"),
		"audience upper case":    set("aud", strings.ToUpper(audience)),
		"aud empty array":        set("aud", []string{}),
		"aud object":             set("aud", map[string]any{audience: 1}),
		"aud array of numbers":   set("aud", []any{audience, 1}),
		"aud null":               set("aud", json.RawMessage("null")),
		"aud missing":            set("aud", nil),
		"another issuer":         set("iss", stranger.URL),
		"issuer with slash":      set("iss", issuer.URL+"/"),
		"issuer upper case":      set("iss", strings.ToUpper(issuer.URL)),
		"iss missing":            set("iss", nil),
		"expired":                set("exp", at(-60*time.Second)),
		"exp missing":            set("exp", nil),
		"exp text":               set("exp", "2999999999"),
		"exp without end":        set("exp", 1e300),
		"exp negative":           set("exp", -1),
		"not yet valid":          set("nbf", at(61*time.Second)),
		"nbf text":               set("nbf", "x"),
		"from the future":        set("iat", at(61*time.Second)),
		"iat negative":           set("iat", -1),
		"iat missing":            set("iat", nil),
		"sub missing":            set("sub", nil),
		"sub empty":              set("sub", ""),
		"sub number":             set("sub", 1),
		"client_id missing":      set("client_id", nil),
		"client_id empty":        set("client_id", ""),
		"jti missing":            set("jti", nil),
		"jti empty":              set("jti", ""),
		"scope number":           set("scope", 1),
		"groups of objects":      set("groups", []any{map[string]any{}}),
		"act text":               set("act", "admin"),
		"act twice in act":       set("act", json.RawMessage(`{"act":{"sub":"root"},"act":{"sub":"admin"}}`)),
		"act nested without end": set("act", json.RawMessage(strings.Repeat(`{"act":`, 17)+`{}`+strings.Repeat("}", 17))),
	}
	v := newVerifier(t, newClock().Now, issuer)
	for name, change := range tests {
		if _, err := v.Verify(t.Context(), issuer.token(t, change)); !errors.Is(err, verify.ErrInvalidToken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := issuer.count(keysPath) + stranger.count(keysPath); n != 0 {
		t.Errorf("tokens that cannot be good had %d key sets fetched", n)
	}
	twice, _ := json.Marshal(issuer.claims())
	payload := `{"sub":"admin",` + string(twice[1:])
	token := issuer.rs256(t, map[string]any{"alg": "RS256", "kid": "k1", "typ": "at+jwt"}, payload)
	if _, err := v.Verify(t.Context(), token); !errors.Is(err, verify.ErrInvalidToken) {
		t.Errorf("sub twice: %v", err)
	}
}

// TestClassBClaimNamesAreExact: a custom claim "Sub" is not the subject.
func TestClassBClaimNamesAreExact(t *testing.T) {
	issuer := rsaIssuer(t)
	v := newVerifier(t, newClock().Now, issuer)
	raw, _ := json.Marshal(issuer.claims())
	payload := strings.TrimSuffix(string(raw), "}") + `,"SUB":"admin","Scope":"root"}`
	token, err := v.Verify(t.Context(), issuer.rs256(t, map[string]any{"alg": "RS256", "kid": "k1", "typ": "at+jwt"}, payload))
	if err != nil {
		t.Fatal(err)
	}
	var claims struct {
		Subject string `json:"sub"`
	}
	if err := token.Claims(&claims); err != nil {
		t.Fatal(err)
	}
	if token.Subject != "user-1" || claims.Subject != "user-1" || token.HasScopes("root") {
		t.Errorf("subject %q, by Claims %q, scopes %v", token.Subject, claims.Subject, token.Scopes)
	}
}

// TestAnAlgorithmThatIsNotConfiguredIsRefused also where a good key has it.
func TestAnAlgorithmThatIsNotConfiguredIsRefused(t *testing.T) {
	issuer := rsaIssuer(t)
	v, err := verify.New(verify.Config{
		Issuers: []string{issuer.URL}, Audiences: []string{audience}, Algorithms: []string{verify.ES256}, Now: newClock().Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(t.Context(), issuer.token(t)); !errors.Is(err, verify.ErrInvalidToken) {
		t.Error(err)
	}
	if issuer.count(keysPath) != 0 {
		t.Error("keys were fetched for it")
	}
}
