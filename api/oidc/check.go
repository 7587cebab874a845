package oidc

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
)

// Check returns every fault of the options, nil if there is none. It reads CAFile and asks nobody else anything.
func (o Options) Check() []error {
	var faults []error
	report := func(option string, err error) {
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", option, err))
		}
	}
	report("issuer", checkIssuer(o.Issuer, o.AllowHTTP))
	for _, algorithm := range o.Algorithms {
		report("algorithms", checkAlgorithm(algorithm))
	}
	report("claimPath", checkClaimPath(o.ClaimPath))
	if slices.Contains(o.ClientClaims, "") {
		report("clientClaims", errors.New("a claim name is empty"))
	}
	report("clockSkew", checkNotNegative(o.ClockSkew))
	report("keyRefreshInterval", checkNotNegative(o.KeyRefreshInterval))
	report("requestTimeout", checkNotNegative(o.RequestTimeout))
	_, err := certificateAuthorities(o.CAFile)
	report("caFile", err)
	return faults
}

func checkIssuer(issuer string, allowHTTP bool) error {
	if issuer == "" {
		return errors.New("must be set")
	}
	u, err := url.Parse(issuer)
	if err != nil {
		return errors.New("not a URL")
	}
	if u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return errors.New("must have no query, fragment or user (OpenID Connect Discovery §3)")
	}
	return checkEndpoint(u, allowHTTP)
}

// checkEndpoint refuses URLs whose answer somebody on the network could forge.
func checkEndpoint(u *url.URL, allowHTTP bool) error {
	switch {
	case u.Host == "":
		return errors.New("must be an absolute URL")
	case u.Scheme == "https":
		return nil
	case u.Scheme == "http" && (allowHTTP || isLoopback(u.Hostname())):
		return nil
	case u.Scheme == "http":
		return errors.New("must be https, except on this host or with allowHttp")
	}
	return errors.New("must be an https URL")
}

func isLoopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

func checkAlgorithm(algorithm string) error {
	if slices.Contains(asymmetric(), algorithm) {
		return nil
	}
	return fmt.Errorf("%q is not one of %s", algorithm, strings.Join(asymmetric(), ", "))
}

func checkClaimPath(path string) error {
	if path != "" && slices.Contains(strings.Split(path, "."), "") {
		return errors.New("a name between the dots is empty")
	}
	return nil
}

func checkNotNegative[N ~int64](n N) error {
	if n < 0 {
		return errors.New("must not be negative")
	}
	return nil
}

// certificateAuthorities reads the trusted authorities; nil, which means the system's, for an empty name.
func certificateAuthorities(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("holds no PEM certificate")
	}
	return pool, nil
}
