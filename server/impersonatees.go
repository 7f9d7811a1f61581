package server

import (
	"strconv"

	"github.com/gin-gonic/gin"

	"github.com/gatehouse-auth/gatehouse/dialects"
	"github.com/gatehouse-auth/gatehouse/grants"
	"github.com/gatehouse-auth/gatehouse/oauth"
)

// impersonatees answers who bears a token with whom they may become.
func (s *Server) impersonatees(c *gin.Context, route *dialects.Route) error {
	if err := needTenant(c); err != nil {
		return err
	}
	body, err := s.listImpersonatees(c, route)
	if err != nil {
		return err
	}
	s.served(c, route)
	c.Data(route.Status, route.ContentType, body)
	return nil
}

func (s *Server) listImpersonatees(c *gin.Context, route *dialects.Route) ([]byte, error) {
	r, token, err := s.borne(c, route)
	if err != nil {
		return nil, err
	}
	size, err := pageSize(route, r.Params["page_size"])
	if err != nil {
		return nil, err
	}
	list, err := s.Grants.Impersonatees(c.Request.Context(), s.Rules, r.Tenant, token, grants.ImpersonateesQuery{
		Size: size, PageToken: r.Params["page_token"], Prefix: r.Params["q"],
	})
	if err != nil {
		return nil, err
	}
	return route.EncodeList(len(list.Items), func(i int, name string) any {
		if name == "reason_required" {
			return list.Items[i].ReasonRequired
		}
		return known(list.Items[i].User, name)
	}, list.NextPageToken)
}

// pageSize returns how many are asked for, 0 for what is usual. A list that cannot
// say where it goes on is as long as it may be.
func pageSize(route *dialects.Route, asked string) (int, error) {
	if asked == "" && route.Items == "" {
		return grants.MaxImpersonatees, nil
	}
	if asked == "" {
		return 0, nil
	}
	size, err := strconv.Atoi(asked)
	if err != nil || size < 1 || size > grants.MaxImpersonatees {
		return 0, oauth.Errorf(oauth.InvalidRequest, oauth.ReasonMalformed, "page_size must be 1 to %d", grants.MaxImpersonatees)
	}
	return size, nil
}
