package cmd

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"
)

// wholeSeconds is a flag that takes a number of seconds.
type wholeSeconds int

// Decode has kong read the value.
func (s *wholeSeconds) Decode(ctx *kong.DecodeContext) error {
	n, err := parseSeconds(ctx.Scan.Pop().String())
	*s = wholeSeconds(n)
	return err
}

// secondsByGrant is a flag that takes numbers of seconds, by grant.
type secondsByGrant map[string]int

// Decode has kong read the value, beside those that it has read.
func (m *secondsByGrant) Decode(ctx *kong.DecodeContext) error {
	if *m == nil {
		*m = secondsByGrant{}
	}
	for pair := range strings.SplitSeq(ctx.Scan.Pop().String(), ";") {
		i := strings.LastIndexByte(pair, '=')
		if i < 1 {
			return fmt.Errorf("%q must be GRANT_TYPE=SECONDS", pair)
		}
		n, err := parseSeconds(pair[i+1:])
		if err != nil {
			return err
		}
		(*m)[pair[:i]] = n
	}
	return nil
}

func parseSeconds(text string) (int, error) {
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return 0, fmt.Errorf("%q is not a number of whole seconds, such as 900", text)
	}
	return int(n), nil
}
