package devissuer

import (
	"net"
	"net/http"
	"net/url"
)

func isLoopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

// onLoopback lets through only requests that reached this machine by loopback, under a loopback name. The first keeps the
// network out even if somebody binds another address, the second web pages that had their own name resolve to 127.0.0.1.
func onLoopback(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		address, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
		if !ok || !address.IP.IsLoopback() || !isLoopback((&url.URL{Host: r.Host}).Hostname()) {
			http.Error(w, "the development issuer answers on loopback only", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// shareWithLoopback lets pages that a loopback host served use the endpoints from a browser (CORS), and no other page.
func shareWithLoopback(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Origin")
		origin, err := url.Parse(r.Header.Get("Origin"))
		if err == nil && isLoopback(origin.Hostname()) {
			w.Header().Set("Access-Control-Allow-Origin", origin.String())
			w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
		}
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	})
}
