package devissuer

import (
	"net/http"

	httphelper "github.com/zitadel/oidc/v3/pkg/http"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// routes are all there is; zitadel's other endpoints are not reachable.
func (i *Issuer) routes() http.Handler {
	shared := http.NewServeMux()
	shared.HandleFunc("GET "+oidc.DiscoveryEndpoint, i.discovery)
	shared.Handle("GET "+i.provider.KeysEndpoint().Relative(), i.provider)
	shared.Handle("POST "+i.provider.TokenEndpoint().Relative(), uncached(i.provider))
	shared.Handle("GET "+i.provider.UserinfoEndpoint().Relative(), uncached(i.provider))

	all := http.NewServeMux()
	all.Handle("/", shareWithLoopback(shared))
	all.Handle("GET "+i.provider.AuthorizationEndpoint().Relative(), i.provider)
	all.Handle("POST "+i.provider.AuthorizationEndpoint().Relative(), i.provider)
	all.Handle("GET "+i.provider.AuthorizationEndpoint().Relative()+"/callback", i.provider)
	all.Handle("GET "+loginPath, uncached(http.HandlerFunc(i.showLogin)))
	all.Handle("POST "+loginPath, uncached(http.HandlerFunc(i.finishLogin)))
	return all
}

// uncached keeps tokens and logins out of every cache (RFC 6749 §5.1).
func uncached(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// discovery serves the provider metadata (OpenID Connect Discovery §3), cut down to what is there: zitadel lists grants
// and endpoints regardless of the storage behind it.
func (i *Issuer) discovery(w http.ResponseWriter, r *http.Request) {
	d := op.CreateDiscoveryConfig(op.ContextWithIssuer(r.Context(), i.url), i.provider, i.storage)
	d.ResponseTypesSupported = []string{string(oidc.ResponseTypeCode)}
	d.GrantTypesSupported = []oidc.GrantType{oidc.GrantTypeCode, oidc.GrantTypeClientCredentials}
	d.IntrospectionEndpoint, d.IntrospectionEndpointAuthMethodsSupported = "", nil
	d.IntrospectionEndpointAuthSigningAlgValuesSupported = nil
	d.RevocationEndpoint, d.RevocationEndpointAuthMethodsSupported = "", nil
	d.RevocationEndpointAuthSigningAlgValuesSupported = nil
	d.EndSessionEndpoint, d.DeviceAuthorizationEndpoint = "", ""
	httphelper.MarshalJSON(w, d)
}
