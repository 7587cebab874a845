package devissuer

import (
	"net/http"

	"github.com/zitadel/oidc/v3/pkg/op"
)

const loginPath = "/login"

// loginPage asks who to be. It needs the login's id, which only the browser that was sent here knows.
const loginPage = `<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Development login</title>
<style>body{font:1.1em sans-serif;max-width:30em;margin:3em auto;padding:0 1em}button{font:inherit;padding:.6em 1em;margin:.3em 0;width:100%;text-align:left}small{color:#555}</style>
<h1>Development login</h1>
<p><b>{{.Client}}</b> wants to know who you are. There are no passwords here: pick one.</p>
<form method="post" action="{{.Action}}">
<input type="hidden" name="id" value="{{.ID}}">
{{range .Users}}<button name="user" value="{{.ID}}">{{.ID}}<br><small>{{range .Roles}}{{.}} {{else}}no roles{{end}}</small></button>
{{end}}</form>
</html>
`

func (i *Issuer) showLogin(w http.ResponseWriter, r *http.Request) {
	id := r.FormValue("id")
	login, err := i.storage.login(id)
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	_ = i.loginPage.Execute(w, map[string]any{ // fails only if the browser has gone
		"ID": id, "Client": login.client, "Action": i.url + loginPath, "Users": i.storage.choices(login.client),
	})
}

func (i *Issuer) finishLogin(w http.ResponseWriter, r *http.Request) {
	id := r.PostFormValue("id")
	if err := i.storage.finish(id, r.PostFormValue("user")); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	callback := op.AuthCallbackURL(i.provider)
	http.Redirect(w, r, callback(op.ContextWithIssuer(r.Context(), i.url), id), http.StatusSeeOther)
}
