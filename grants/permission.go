package grants

import (
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// permitted answers access_denied unless the subject has every permission that
// the dialect, the API and the client's grant require. A client stands for its
// service account. Whoever the token speaks for must be active.
func (s *Service) permitted(r *TokenRequest, client *tenants.Client, grantType string, subject *Subject, t *target) error {
	may := client.May
	if subject.User != nil {
		if subject.User.Status != tenants.Active {
			return oauth.Errorf(oauth.InvalidGrant, oauth.ReasonDisabled, "the account cannot be used")
		}
		may = subject.User.May
	}
	required := []string{r.Profile.RequiredPermission, client.RequiredPermissions[grantType], client.RequiredPermissions[subject.EarnedBy]}
	if t.api != nil {
		required = append(required, t.api.RequiredPermission)
	}
	for _, permission := range required {
		if permission != "" && !may(permission) {
			return oauth.Errorf(oauth.AccessDenied, oauth.ReasonForbidden, "this needs the permission %s", permission)
		}
	}
	return nil
}
