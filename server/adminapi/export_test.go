package adminapi

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"github.com/gatehouse-auth/gatehouse/admin"
)

// What the tests of this package see more than others.
var ReadQuery = readQuery

// ReadIfMatch returns the versions for which a change is made, in turn.
func ReadIfMatch(values []string) (versions []int64, err error) {
	r := &request{Context: &gin.Context{Request: &http.Request{Header: http.Header{"If-Match": values}}}}
	err = r.matching(func(version int64) error {
		versions = append(versions, version)
		return admin.Errorf(admin.CodeStale, "", "another one")
	})
	var refused *admin.Error
	if errors.As(err, &refused) && refused.Code == admin.CodeStale {
		err = nil
	}
	return versions, err
}

// ReadPage returns the size and the token of the page that a query asks for.
func ReadPage(query url.Values) (size int, token string) {
	q := (&request{query: query}).page()
	return q.Size, q.PageToken
}

// ReadBearer returns the token that a request with these headers brings.
func ReadBearer(values []string) (string, error) {
	var taken taker
	_, err := (&api{auth: &taken}).actor(&gin.Context{Request: &http.Request{Header: http.Header{"Authorization": values}}})
	if errors.Is(err, errTaken) {
		return taken.token, nil
	}
	return "", err
}

// taker is an Authenticator that keeps what it is asked about.
type taker struct{ token string }

var errTaken = errors.New("taken")

func (t *taker) Authenticate(_ context.Context, token string) (admin.Actor, error) {
	t.token = token
	return admin.Actor{}, errTaken
}
