package passwords

import (
	"encoding/base64"
	"encoding/hex"
	"math/bits"
	"regexp"
	"strconv"
	"strings"
)

// How others write what is read here as well. A salt of theirs is the text itself.
var (
	phcForm     = regexp.MustCompile(`^\$pbkdf2-(sha(?:1|256|512))\$i=([1-9][0-9]{0,9})(?:,l=([1-9][0-9]{0,2}))?\$([A-Za-z0-9+/]*)\$([A-Za-z0-9+/]+)$`)
	djangoForm  = regexp.MustCompile(`^pbkdf2_(sha1|sha256)\$([1-9][0-9]{0,9})\$([!-#%-~]{1,64})\$([A-Za-z0-9+/]+)={0,2}$`)
	pbkdf2Words = regexp.MustCompile(`^pbkdf2:(sha1|sha256|sha512):([1-9][0-9]{0,9})\$([!-#%-~]{1,64})\$([0-9a-f]+)$`)
	scryptWords = regexp.MustCompile(`^scrypt:([1-9][0-9]{0,8}):([1-9][0-9]{0,3}):([1-9][0-9]{0,3})\$([!-#%-~]{1,64})\$([0-9a-f]+)$`)
)

// common returns a hash in the form that is parsed: one of the PHC string format
// for pbkdf2, of Django or of Werkzeug is written anew, any other is left as it is.
func common(text string) string {
	if m := phcForm.FindStringSubmatch(text); m != nil && (m[3] == "" || number(m[3]) == octets(m[5])) {
		return pbkdf2Of(m[1], m[2], m[4], m[5])
	}
	if m := djangoForm.FindStringSubmatch(text); m != nil {
		return pbkdf2Of(m[1], m[2], plain(m[3]), m[4])
	}
	if m := pbkdf2Words.FindStringSubmatch(text); m != nil {
		return pbkdf2Of(m[1], m[2], plain(m[3]), fromHex(m[4]))
	}
	if m := scryptWords.FindStringSubmatch(text); m != nil {
		if n := number(m[1]); bits.OnesCount(uint(n)) == 1 {
			ln := strconv.Itoa(bits.Len(uint(n)) - 1)
			return "$scrypt$ln=" + ln + ",r=" + m[2] + ",p=" + m[3] + "$" + plain(m[4]) + "$" + fromHex(m[5])
		}
	}
	return text
}

// pbkdf2Of writes pbkdf2 as passlib does, whose base64 has a dot for the plus.
func pbkdf2Of(digest, iterations, salt, key string) string {
	return strings.ReplaceAll("$pbkdf2-"+digest+"$"+iterations+"$"+salt+"$"+key, "+", ".")
}

func plain(salt string) string { return base64.RawStdEncoding.EncodeToString([]byte(salt)) }

// fromHex returns the base64 of hexadecimal digits, "" for half an octet.
func fromHex(digits string) string {
	key, err := hex.DecodeString(digits)
	if err != nil {
		return ""
	}
	return base64.RawStdEncoding.EncodeToString(key)
}
